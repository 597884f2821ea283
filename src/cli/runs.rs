//! `cutover runs`: the runs of a store, one line each.

use super::exit::{CliError, Exit};
use super::runner::store;
use super::{Place, output};
use crate::environment::Environment;
use crate::journal::{RunId, Store};
use crate::render;

/// Arguments of `cutover runs`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn runs(arguments: &Arguments) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let runs = store.runs()?;
    let lines: Vec<Line> = runs
        .iter()
        .map(|run| line(&store, run))
        .collect::<Result<_, _>>()?;
    // As wide as the longest, so that the columns stand however long the names are.
    let runs_wide = lines.iter().map(|line| line.run.len()).max().unwrap_or(0);
    let playbooks_wide = lines
        .iter()
        .map(|line| line.playbook.len())
        .max()
        .unwrap_or(0);
    for line in lines {
        let Line {
            run,
            began,
            playbook,
            standing,
        } = line;
        output::data(&format!(
            "{run:<runs_wide$}  {began:<16}  {playbook:<playbooks_wide$}  {standing}"
        ));
    }
    Ok(Exit::Done)
}

/// One run, in columns.
struct Line {
    run: String,
    began: String,
    playbook: String,
    standing: String,
}

fn line(store: &Store, run: &RunId) -> Result<Line, CliError> {
    let (began, playbook, standing) = match store.find(run)?.read() {
        Ok((_, state)) => {
            let header = state.header.as_ref();
            let began = state
                .began
                .map(|began| began.strftime("%Y-%m-%d %H:%M").to_string());
            (
                began.unwrap_or_default(),
                header.map_or_else(String::new, |header| render::clean(&header.playbook)),
                render::standing(&state).word.to_owned(),
            )
        }
        Err(error) => (String::new(), String::new(), error.to_string()),
    };
    Ok(Line {
        run: run.0.clone(),
        began,
        playbook,
        standing,
    })
}
