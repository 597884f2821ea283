//! What a playbook needs against what an environment grants, before anything runs.

use super::exit::CliError;
use super::output;
use crate::environment::{Decision, Environment, Need, Outlook, Permissions};
use crate::journal::{self, RunState};
use crate::render::clean;
use crate::script::Loaded;

/// What is granted on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct GrantArguments {
    /// Grant this for one run, such as `database.restore:main`. What the environment denies stays denied.
    #[arg(long, value_name = "NEED")]
    pub(super) grant: Vec<Need>,
}

/// What may be done in a run with this `header`.
pub(super) fn permissions(environment: &Environment, header: &journal::Header) -> Permissions {
    let read = |needs: &[String]| -> Vec<Need> {
        // They were needs when they were written down; what a later cutover does not read grants and declares nothing.
        needs.iter().filter_map(|need| need.parse().ok()).collect()
    };
    environment.permissions(read(&header.granted), header.needs.as_deref().map(read))
}

/// What may be done in a run that has come to `state`. One that does not say what it declares has a gate of grants alone.
pub(super) fn permissions_of(environment: &Environment, state: &RunState) -> Permissions {
    match &state.header {
        Some(header) => permissions(environment, header),
        None => environment.permissions(Vec::new(), None),
    }
}

/// Needs as a journal keeps them.
pub(super) fn written(needs: &[Need]) -> Vec<String> {
    needs.iter().map(ToString::to_string).collect()
}

/// One verb that a playbook calls, and what the environment says.
struct Row {
    need: String,
    outlook: Outlook,
}

/// What `permissions` say of everything that a playbook calls, by what it declares to be about.
fn rows(loaded: &Loaded, permissions: &Permissions) -> Vec<Row> {
    let declared = loaded
        .header
        .as_ref()
        .map_or(&[][..], |header| &header.needs);
    let row = |verb: &String| {
        let about = declared.iter().filter(|need| need.speaks_of(verb));
        let mut about: Vec<String> = about
            .filter_map(Need::object)
            .map(|object| format!("{verb}:{object}"))
            .collect();
        if about.is_empty() {
            about.push(verb.clone());
        }
        about
    };
    let one = |need: String| {
        // An object of another verb's form, as under a glob, is about nothing here; the gate says so.
        let outlook = need
            .parse()
            .map_or(Outlook::Settled(Decision::Deny), |need| {
                permissions.outlook(&need)
            });
        Row { need, outlook }
    };
    loaded.verbs.iter().flat_map(row).map(one).collect()
}

/// Refuses before the first step what the gate would refuse in the middle.
pub(super) fn refuse_denied(
    loaded: &Loaded,
    permissions: &Permissions,
    environment: &str,
) -> Result<(), CliError> {
    let rows = rows(loaded, permissions);
    let denied: Vec<String> = rows
        .iter()
        .filter(|row| row.outlook == Outlook::Settled(Decision::Deny))
        .map(|row| format!("`{}`", row.need))
        .collect();
    if denied.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the playbook needs {}, which `{environment}` does not grant",
        denied.join(", ")
    );
    Err(CliError::refused(message).hint("a person who may decides adds them under `[grants] allow` or `ask` in the environment file, or gives them to one run with `--grant`; `cutover check --needs` shows all of them"))
}

/// The needs as a table, where not all of them are plainly granted.
pub(super) fn tell(loaded: &Loaded, permissions: &Permissions) {
    let rows = rows(loaded, permissions);
    let plain = |row: &Row| row.outlook == Outlook::Settled(Decision::Allow);
    if !rows.iter().all(plain) {
        output::people(&table(&rows));
    }
}

/// The needs as a table, all of them.
pub(super) fn whole_table(loaded: &Loaded, permissions: &Permissions) -> String {
    table(&rows(loaded, permissions))
}

fn table(rows: &[Row]) -> String {
    let width = rows
        .iter()
        .map(|row| row.need.chars().count())
        .max()
        .unwrap_or(0);
    let line = |row: &Row| {
        let said = match &row.outlook {
            Outlook::Settled(Decision::Allow) => "granted".to_owned(),
            Outlook::Settled(Decision::Ask) => "asked about".to_owned(),
            Outlook::Settled(Decision::Deny) => "denied".to_owned(),
            Outlook::Depends(objects) => {
                format!("depends on what it is about: {}", objects.join(", "))
            }
        };
        clean(&format!("  {:<width$}  {said}", row.need))
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    format!("needs of the playbook:\n{}", lines.join("\n"))
}
