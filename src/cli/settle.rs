//! `cutover settle RUN STEP done|not-done`: what a person found out about an interrupted step.

use clap::ValueEnum;

use super::exit::{CliError, Exit};
use super::operator::{file_answer, settle_file};
use super::runner::store;
use super::{Place, output};
use crate::environment::Environment;
use crate::journal::{RunId, StepNo, TargetStage};

/// Arguments of `cutover settle`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The run, or the beginning of its name.
    run: String,
    /// The step's number.
    step: u32,
    /// What was found.
    found: Found,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Found {
    /// The step took effect.
    Done,
    /// The step did not take effect.
    NotDone,
}

pub(super) fn settle(arguments: &Arguments) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let directory = store.find(&RunId(arguments.run.clone()))?;
    let (_, state) = directory.read()?;
    let step = StepNo(arguments.step);
    let unsettled = state.step(step).is_some_and(|step| {
        step.targets
            .iter()
            .any(|target| matches!(target.stage, TargetStage::Unsettled(_)))
    });
    if !unsettled {
        return Err(CliError::refused(format!(
            "nobody asked about step {step} of run {}",
            directory.run()
        )));
    }
    file_answer(
        &directory,
        &settle_file(step),
        arguments.found == Found::Done,
        None,
    )?;
    output::data(&format!(
        "noted for step {step}; next: `cutover resume {0}` or `cutover rollback {0}`",
        directory.run()
    ));
    Ok(Exit::Done)
}
