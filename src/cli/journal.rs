//! `cutover journal verify RUN`: whether a journal is as it was written.

use super::exit::{CliError, Exit};
use super::runner::store;
use super::{Place, output};
use crate::environment::Environment;
use crate::journal::{FileJournal, RunId};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Checks the chain of hashes and that the records make sense together, and prints the head of the chain.
    Verify {
        /// The run, or the beginning of its name.
        run: String,
        #[command(flatten)]
        place: Place,
    },
}

pub(super) fn journal(verb: &Verb) -> Result<Exit, CliError> {
    let Verb::Verify { run, place } = verb;
    let store = store(&Environment::load(&place.environment)?)?;
    let directory = store.find(&RunId(run.clone()))?;
    let chain = FileJournal::read(&directory.journal())?;
    let (records, state) = directory.read()?;
    let head = state.head.map(|head| head.to_string()).unwrap_or_default();
    let torn = if chain.torn > 0 {
        format!("; {} bytes of a torn last line follow", chain.torn)
    } else {
        String::new()
    };
    output::data(&format!(
        "intact: {} of run {}, head {head}{torn}",
        crate::render::counted(records.len(), "record"),
        directory.run()
    ));
    Ok(Exit::Done)
}
