//! `cutover resume RUN` and `cutover retry RUN`: going on with the stored copies, or with an edited playbook.

use super::Place;
use super::adopt::{Edited, edited, store_edited};
use super::check::refuse_rejected;
use super::exit::{CliError, Exit};
use super::inventory::inventory;
use super::runner::{MannerArguments, Runner, TakenUp, lock_world, store, stored_environment};
use super::sandbox;
use crate::environment::Environment;
use crate::journal::{
    Attempt, Direction, Ending, Event, Header, Mark, RunDirectory, RunId, RunState,
};
use crate::run::{EnvironmentLock, conduct, roll_back};
use crate::script::{Host, Sources, Terms};

/// Arguments of `cutover resume`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    going: GoingOn,
    /// Go on with an edited playbook, by name or file, if everything that is recorded comes out the same. The copies that the run
    /// went by so far are kept.
    #[arg(long, value_name = "FILE")]
    playbook: Option<String>,
}

/// Arguments of `cutover retry`, and of `cutover resume` too.
#[derive(Debug, clap::Args)]
pub(super) struct GoingOn {
    /// The run, or the beginning of its name.
    run: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    manner: MannerArguments,
}

pub(super) async fn resume(arguments: Arguments) -> Result<Exit, CliError> {
    go_on(arguments.going, Mark::Resume, arguments.playbook.as_deref()).await
}

pub(super) async fn retry(arguments: GoingOn) -> Result<Exit, CliError> {
    go_on(arguments, Mark::Retry, None).await
}

async fn go_on(arguments: GoingOn, mark: Mark, playbook: Option<&str>) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let directory = store.find(&RunId(arguments.run))?;
    let environment = stored_environment(&directory)?;
    let manner = arguments.manner.manner(&environment)?;
    let _lock = EnvironmentLock::take(&store, &environment.name, &directory.run())?;
    let term = manner.injection.term();
    let locks = lock_world(&environment, &directory.run().0, mark, term).await?;
    let (opened, state) = directory.open_journal()?;
    refuse(&state, mark, playbook.is_some()).map_err(|error| error.under(&state))?;
    let header = state
        .header
        .clone()
        .ok_or_else(|| CliError::usage("the run ended before its first record; start it anew"))?;
    let terms = arguments.manner.sandbox.terms(&environment);
    let (host, adoption) = match playbook {
        None => match stored(&directory, &state, &header, &environment, terms)
            .await
            .map_err(|error| error.under(&state))?
        {
            Ok(host) => (host, None),
            Err(exit) => return Ok(exit),
        },
        Some(name) => match edited(name, &state, &header, &environment, terms)
            .await
            .map_err(|error| error.under(&state))?
        {
            Edited::Sound(host, adoption) => {
                store_edited(&host, &directory, &state)?;
                (*host, Some(*adoption))
            }
            Edited::Rejected(exit) => return Ok(exit),
        },
    };
    sandbox::warn(&host);
    let back = state.direction == Direction::Unwinding;
    let retried = match state.attempt() {
        Some(Attempt::Step(step)) if mark == Mark::Retry => {
            Some(Event::Retried { step: step.number })
        }
        _ => None,
    };
    let mut runner = Runner::attach(TakenUp {
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
    for event in adoption.into_iter().chain(retried) {
        let recorded = runner.gate.recorder().sync(jiff::Timestamp::now(), event);
        recorded.map_err(|fault| CliError::usage(fault.to_string()))?;
    }
    runner.hold_to_needs(&environment);
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

/// The process of the stored copies; the exit code where the check of this cutover rejects them.
async fn stored(
    directory: &RunDirectory,
    state: &RunState,
    header: &Header,
    environment: &Environment,
    terms: Terms,
) -> Result<Result<Host, Exit>, CliError> {
    let sources = Sources::stored(directory, &state.sources_folder(), header)?;
    let (mut host, loaded) = Host::load(sources, terms).await?;
    if let Some(exit) = refuse_rejected(&loaded, host.sources()) {
        return Ok(Err(exit));
    }
    host.provide(header.parameters.clone(), inventory(environment));
    Ok(Ok(host))
}

/// Says why a run cannot go on this way, and which way it can.
fn refuse(state: &RunState, mark: Mark, edited: bool) -> Result<(), CliError> {
    let refused = |message: &str, hint: &str| Err(CliError::refused(message).hint(hint));
    if state.closed() {
        return refused("the run is over", "start a new one with `cutover run`");
    }
    match (mark, state.ending) {
        (_, Some(Ending::Held)) if !edited && state.attempt().is_none() => refused(
            "the playbook itself raised the failure, so there is no step to attempt again",
            "go on with an edited playbook by `cutover resume --playbook FILE`, or go back with `cutover rollback`",
        ),
        // With an edited playbook it can go on past the failure, which its text now catches or no longer raises.
        (Mark::Resume, Some(Ending::Held)) if !edited => refused(
            "the run is held at a failed step",
            "attempt it again with `cutover retry`, go on with an edited playbook by `cutover resume --playbook FILE`, or go back with `cutover rollback`",
        ),
        (_, Some(Ending::Stuck)) => refused(
            "the run is stuck on its way back",
            "mend what stopped it, then `cutover rollback`",
        ),
        (Mark::Retry, Some(Ending::Held)) => Ok(()),
        (Mark::Retry, _) => refused(
            "the run is not held at a failed step",
            "go on with `cutover resume`",
        ),
        _ => Ok(()),
    }
}
