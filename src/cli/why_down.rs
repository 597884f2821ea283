//! `cutover why-down`: how production stands, and what to do about it, from the latest unfinished run.

use super::exit::{CliError, Exit};
use super::runner::store;
use super::{Place, output};
use crate::environment::Environment;
use crate::render;

/// Arguments of `cutover why-down`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn why_down(arguments: &Arguments) -> Result<Exit, CliError> {
    let environment = Environment::load(&arguments.place.environment)?;
    let store = store(&environment)?;
    for run in store.runs()?.iter().rev() {
        let (_, state) = store.find(run)?.read()?;
        let here = state
            .header
            .as_ref()
            .is_some_and(|header| header.environment == environment.name);
        if !here || state.closed() {
            continue;
        }
        if render::production(&state).is_none() {
            output::data("no node is down because of the unfinished run");
        }
        output::data(&render::verdict(&state));
        if let Some(choices) = render::choices(&state, jiff::Timestamp::now()) {
            output::data(&choices);
        }
        return Ok(Exit::Done);
    }
    output::data(
        "no run of cutover is unfinished here: it is not cutover that keeps production down",
    );
    Ok(Exit::Done)
}
