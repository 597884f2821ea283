//! `cutover resume RUN` and `cutover retry RUN`: going on with the stored copies.

use super::Place;
use super::check::refuse_rejected;
use super::exit::{CliError, Exit};
use super::runner::{
    MannerArguments, Runner, TakenUp, inventory, lock_world, store, stored_environment,
};
use crate::environment::Environment;
use crate::journal::{Direction, Ending, Event, Mark, RunId, RunState};
use crate::run::{EnvironmentLock, conduct, roll_back};
use crate::script::{Host, Sources};

/// Arguments of `cutover resume` and `cutover retry`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The run, or the beginning of its name.
    run: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    manner: MannerArguments,
}

pub(super) async fn resume(arguments: Arguments, mark: Mark) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let directory = store.find(&RunId(arguments.run))?;
    let environment = stored_environment(&directory)?;
    let _lock = EnvironmentLock::take(&store, &environment.name, &directory.run())?;
    let manner = arguments.manner.manner(&environment)?;
    let term = manner.injection.term();
    let locks = lock_world(&environment, &directory.run().0, mark, term).await?;
    let (opened, state) = directory.open_journal()?;
    refuse(&state, mark)?;
    let header = state
        .header
        .clone()
        .ok_or_else(|| CliError::usage("the run ended before its first record; start it anew"))?;
    let (mut host, loaded) = Host::load(Sources::stored(&directory, &header.playbook)?).await?;
    if let Some(exit) = refuse_rejected(&loaded, host.sources()) {
        return Ok(exit);
    }
    host.provide(header.parameters.clone(), inventory(&environment));
    let back = state.direction == Direction::Unwinding;
    let failed = state.failed_step().map(|step| step.number);
    let runner = Runner::attach(TakenUp {
        journal: opened.journal,
        state,
        begun: None,
        cut: opened.cut,
        directory: &directory,
        environment: &environment,
        mark,
        manner,
        locks,
    })?;
    let on_failure = environment.on_failure;
    if let (Mark::Retry, Some(step)) = (mark, failed) {
        let recorded = runner
            .gate
            .recorder()
            .sync(jiff::Timestamp::now(), Event::Retried { step });
        recorded.map_err(|fault| CliError::usage(fault.to_string()))?;
    }
    runner
        .until_concluded(host, async |gate, host| {
            if back {
                Box::pin(roll_back(gate, host, "the way back is taken up again")).await
            } else {
                Box::pin(conduct(gate, host, on_failure)).await
            }
        })
        .await
}

/// Says why a run cannot go on this way, and which way it can.
fn refuse(state: &RunState, mark: Mark) -> Result<(), CliError> {
    let refused = |message: &str, hint: &str| Err(CliError::refused(message).hint(hint));
    if state.closed() {
        return refused("the run is over", "start a new one with `cutover run`");
    }
    match (mark, state.ending) {
        (Mark::Resume, Some(Ending::Held)) => refused(
            "the run is held at a failed step",
            "attempt it again with `cutover retry`, or go back with `cutover rollback`",
        ),
        (_, Some(Ending::Stuck)) => refused(
            "the run is stuck on its way back",
            "mend what stopped it, then `cutover rollback`",
        ),
        (Mark::Retry, Some(Ending::Held)) if state.failed_step().is_none() => refused(
            "the playbook itself raised the failure, so there is no step to attempt again",
            "go back with `cutover rollback`",
        ),
        (Mark::Retry, Some(Ending::Held)) => Ok(()),
        (Mark::Retry, _) => refused(
            "the run is not held at a failed step",
            "go on with `cutover resume`",
        ),
        _ => Ok(()),
    }
}
