//! `cutover abandon RUN --reason …`: a run is given up, and the environment is free.

use jiff::Timestamp;

use super::exit::{CliError, Exit};
use super::operator::login;
use super::runner::store;
use super::{Place, output};
use crate::environment::Environment;
use crate::journal::{Actor, Durability, Event, Journal as _, RunDirectory, RunId};
use crate::render;
use crate::run::EnvironmentLock;

/// Arguments of `cutover abandon`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The run, or the beginning of its name.
    run: String,
    /// Why; it stands in the journal.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Place,
}

pub(super) fn abandon(arguments: &Arguments) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let directory = store.find(&RunId(arguments.run.clone()))?;
    let environment = name(&directory)?;
    let _lock = EnvironmentLock::take(&store, &environment, &directory.run())?;
    let (mut opened, state) = directory.open_journal()?;
    if state.closed() {
        return Err(CliError::refused("the run is over already"));
    }
    let event = Event::Abandoned {
        by: Actor::Person(login()),
        reason: arguments.reason.clone(),
    };
    opened
        .journal
        .append(Timestamp::now(), event, Durability::Synced)?;
    output::data(&format!(
        "run {} is given up; what it changed stays as it is, with {} not done",
        directory.run(),
        render::counted(state.undo.len(), "undo")
    ));
    Ok(Exit::Done)
}

/// The environment's name, from the journal: a run can be given up whatever became of its copies.
fn name(directory: &RunDirectory) -> Result<String, CliError> {
    let (_, state) = directory.read()?;
    let header = state
        .header
        .ok_or_else(|| CliError::refused("the run ended before its first record"))?;
    Ok(header.environment)
}
