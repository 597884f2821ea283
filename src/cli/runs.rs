//! `cutover runs`: the runs of a store, one line each.

use super::exit::{CliError, Exit};
use super::runner::store;
use super::{Place, output};
use crate::environment::Environment;
use crate::render;

/// Arguments of `cutover runs`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn runs(arguments: &Arguments) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    for run in store.runs()? {
        let line = match store.find(&run)?.read() {
            Ok((_, state)) => {
                let playbook = state
                    .header
                    .as_ref()
                    .map(|header| header.playbook.clone())
                    .unwrap_or_default();
                let began = state
                    .began
                    .map(|began| began.strftime("%Y-%m-%d %H:%M").to_string())
                    .unwrap_or_default();
                format!(
                    "{run}  {began}  {playbook:<20}  {}",
                    render::standing(&state).word
                )
            }
            Err(error) => format!("{run}  {error}"),
        };
        output::data(&line);
    }
    Ok(Exit::Done)
}
