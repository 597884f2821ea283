//! `cutover check PLAYBOOK`: everything that can be known to be wrong before it runs.

use std::path::PathBuf;

use super::environment;
use super::exit::{CliError, Exit};
use super::needs;
use super::output;
use super::sandbox::SandboxArguments;
use crate::environment::Permissions;
use crate::playbook::Severity;
use crate::render;
use crate::script::{Host, Loaded, Sources};

/// Arguments of `cutover check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A playbook that ships, by name, or the path of a `.rhai` file.
    playbook: String,
    /// Show what the playbook needs; with an environment, whether it is granted there.
    #[arg(long)]
    needs: bool,
    /// The environment file.
    #[arg(short, long, value_name = "FILE", env = "CUTOVER_ENVIRONMENT")]
    environment: Option<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

pub(super) async fn check(arguments: Arguments) -> Result<Exit, CliError> {
    let (host, loaded) = Host::load(
        Sources::find(&arguments.playbook)?,
        arguments.sandbox.terms_anywhere(),
    )
    .await?;
    if let Some(exit) = refuse_rejected(&loaded, host.sources()) {
        return Ok(exit);
    }
    let modules = render::counted(host.sources().modules.len(), "module");
    output::data(&format!(
        "`{}` is sound: {modules}, needs {}",
        host.sources().name,
        list(&loaded.verbs)
    ));
    if arguments.needs {
        let permissions = match &arguments.environment {
            Some(file) => environment::load(file)?.permissions(Vec::new(), None),
            None => Permissions::default(),
        };
        output::data(&needs::whole_table(&loaded, &permissions));
    }
    Ok(Exit::Done)
}

/// Shows what the check found; the exit code if it rejects the playbook.
pub(super) fn refuse_rejected(loaded: &Loaded, sources: &Sources) -> Option<Exit> {
    let text = |name: &str| {
        sources
            .all()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| text.to_owned())
    };
    let rendered = render::diagnostics(&loaded.diagnostics, text, output::color());
    if !rendered.is_empty() {
        output::people(rendered.trim_end());
    }
    let errors = loaded
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    if errors == 0 {
        return None;
    }
    let plural = render::counted(errors, "error");
    output::people(&format!("`{}` is rejected: {plural}", sources.name));
    Some(Exit::Rejected)
}

fn list(verbs: &[String]) -> String {
    if verbs.is_empty() {
        "nothing".to_owned()
    } else {
        verbs.join(", ")
    }
}
