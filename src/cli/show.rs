//! `cutover show RUN`: how a run went, from its journal alone.

use super::exit::{CliError, Exit};
use super::kept_plan::{fidelity, last_line};
use super::runner::store;
use super::{OutputFormat, Place, output, telling};
use crate::environment::Environment;
use crate::journal::{Event, Record, RunId, RunState, Spent};
use crate::render;

/// Arguments of `cutover show`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The run, or the beginning of its name.
    run: String,
    #[command(flatten)]
    place: Place,
    /// How it is shown.
    #[arg(short, long, default_value = "text")]
    output: OutputFormat,
}

pub(super) fn show(arguments: &Arguments) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let directory = store.find(&RunId(arguments.run.clone()))?;
    let (records, _) = directory.read()?;
    let mut state = RunState::default();
    for record in &records {
        state.apply(record).expect("the whole was folded before");
        match arguments.output {
            OutputFormat::Ndjson => {
                output::json(&telling::line(record));
            }
            OutputFormat::Text => {
                if let Some(line) = telling::told(&directory, record, &state) {
                    output::data(&line);
                }
            }
        }
    }
    if arguments.output == OutputFormat::Text {
        if let Some(choices) = render::choices(&state, jiff::Timestamp::now()) {
            output::data(&choices);
        }
        if let Some(probes) = render::probes(&state) {
            output::data(&probes);
        }
        if let Some(fidelity) = fidelity(&directory, &state) {
            output::data(&render::surprises(&fidelity));
        }
        if let Some(sandbox) = state
            .header
            .as_ref()
            .and_then(|header| header.sandbox.as_ref())
        {
            output::data(&render::sandbox(sandbox));
        }
        if let Some(spent) = spent(&records) {
            output::data(&render::spent(spent));
        }
        output::data(&last_line(&directory, &state));
        output::data(&format!("journal: {}", directory.journal().display()));
    }
    Ok(Exit::Done)
}

/// What the last runner that came to a verdict said of the budgets.
fn spent(records: &[Record]) -> Option<&[Spent]> {
    records.iter().rev().find_map(|record| match &record.event {
        Event::Verdict { spent, .. } if !spent.is_empty() => Some(spent.as_slice()),
        _ => None,
    })
}
