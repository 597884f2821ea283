//! `cutover approve RUN`: an answer for a run that waits at an approval.

use super::exit::{CliError, Exit};
use super::operator::{approval_file, file_answer};
use super::runner::store;
use super::{Place, output};
use crate::environment::Environment;
use crate::journal::RunId;

/// Arguments of `cutover approve`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The run, or the beginning of its name.
    run: String,
    #[command(flatten)]
    place: Place,
    /// Do not approve: the run is put down.
    #[arg(long)]
    reject: bool,
}

pub(super) fn approve(arguments: &Arguments) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let directory = store.find(&RunId(arguments.run.clone()))?;
    let (_, state) = directory.read()?;
    let waiting = state
        .approvals
        .iter()
        .rev()
        .find(|(_, approval)| approval.given.is_none());
    let Some((step, approval)) = waiting else {
        return Err(CliError::refused(format!(
            "run {} waits for no approval",
            directory.run()
        )));
    };
    let shown = Some(approval.shown.as_str());
    file_answer(&directory, &approval_file(*step), !arguments.reject, shown)?;
    output::people(&crate::render::clean_lines(&approval.shown));
    let word = if arguments.reject {
        "rejected"
    } else {
        "approved"
    };
    output::data(&format!(
        "{word} step {step}; next: `cutover resume {}`, if nobody waits there",
        directory.run()
    ));
    Ok(Exit::Done)
}
