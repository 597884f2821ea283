//! Which way a run goes back: what is chosen, what the person is shown before, and whether it can be.

use std::rc::Rc;

use super::exit::CliError;
use super::operator::login;
use crate::environment::Environment;
use crate::gateway::live::Live;
use crate::gateway::{Databases as _, Failure, ProcessIdentity, Report, Since};
use crate::journal::{Actor, Event, RunDirectory, RunState, UndoState, Way, WaysBack};
use crate::primitive::Intent;
use crate::render;

/// A way back on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum WayArgument {
    /// The old package on the migrated database: nothing that was written is lost. Before `finish`, for pairs known to allow it.
    Repackage,
    /// The kept copy of the backup takes the database's place.
    Swap,
    /// The backup is restored beside the database and takes its place.
    Restore,
}

impl From<WayArgument> for Way {
    fn from(argument: WayArgument) -> Self {
        match argument {
            WayArgument::Repackage => Self::Repackage,
            WayArgument::Swap => Self::Swap,
            WayArgument::Restore => Self::Restore,
        }
    }
}

/// A way that was chosen, with what the person was shown.
pub(super) struct Choice {
    way: Way,
    ways: WaysBack,
    /// What the person is shown before confirming, and what the journal keeps of it.
    pub(super) screen: String,
}

impl Choice {
    /// The decision, for the journal.
    pub(super) fn event(self) -> Event {
        let undos = self.ways.way(self.way).undos.clone();
        Event::WayChosen {
            way: self.way,
            by: Actor::Person(login()),
            shown: self.screen,
            undos: undos.expect("a way that is not available is not chosen"),
        }
    }
}

/// Chooses: the way that is wanted, else the one that was chosen before, else the kept copy if it is there, else the backup.
pub(super) async fn choose(
    wanted: Option<Way>,
    state: &RunState,
    environment: &Environment,
    directory: &RunDirectory,
) -> Result<Option<Choice>, CliError> {
    let Some(ways) = WaysBack::of(state).filter(|ways| ways.migrated) else {
        return without_choice(wanted, state).map(|()| None);
    };
    if wanted.is_none() && (state.way.is_some() || begun(state)) {
        // What was begun one way goes on that way unless somebody says otherwise.
        return Ok(None);
    }
    let world = looking(environment, directory);
    let way = match wanted {
        Some(way) => way,
        None if ways.preset() == Way::Swap && !copy_is_there(&world, &ways).await => Way::Restore,
        None => ways.preset(),
    };
    if let Err(why) = &ways.way(way).undos {
        return Err(
            CliError::refused(format!("there is no way back by `{way}`: {why}"))
                .hint("`cutover rollback` without `--way` takes the kept copy, or else the backup"),
        );
    }
    if wanted == Some(Way::Swap) && !copy_is_there(&world, &ways).await {
        return Err(
            CliError::refused("the kept copy of the backup is not there any more")
                .hint("`--way restore` takes the backup"),
        );
    }
    let now = jiff::Timestamp::now();
    let written = told_writes(&world, &ways).await;
    let screen = format!("{written}\n{}\ngoing back by {way}", ways.told(now));
    Ok(Some(Choice { way, ways, screen }))
}

/// There is no database to take back, or none any more: a way that was taken may be named again, another may not.
fn without_choice(wanted: Option<Way>, state: &RunState) -> Result<(), CliError> {
    match (wanted, state.way) {
        (None, _) => Ok(()),
        (Some(way), Some(taken)) if way == taken => Ok(()),
        (Some(way), Some(taken)) => Err(CliError::refused(format!(
            "the database went back by `{taken}` already, so `{way}` is no choice any more"
        ))
        .hint("`cutover rollback` without `--way` undoes what is left")),
        (Some(way), None) => Err(CliError::refused(format!(
            "this run left no database migrated, so there is no choice of a way such as `{way}`"
        ))
        .hint("`cutover rollback` without `--way` undoes what there is to undo")),
    }
}

/// What was written since, or why that cannot be seen.
async fn told_writes(world: &Live, ways: &WaysBack) -> String {
    let baseline = ways.after_up.as_ref().and_then(|up| up.baseline.as_ref());
    let (since, moment) = match baseline {
        Some(baseline) => (
            Since::Baseline(baseline.clone()),
            format!("`up` ended at {}", clock(baseline.taken_at)),
        ),
        None => (
            Since::Backup(ways.backup.clone()),
            format!(
                "the backup of {}, with what `up` itself rewrote",
                clock(ways.backup.taken_at)
            ),
        ),
    };
    let moment = if ways.finished {
        format!("{moment}, with what `finish` itself changed")
    } else {
        moment
    };
    match world.writes_since(&ways.database, &since).await {
        Ok(writes) => render::writes(&writes, &moment),
        Err(failure) => format!("what was written since {moment} cannot be seen: {failure}"),
    }
}

fn clock(at: jiff::Timestamp) -> String {
    at.strftime("%H:%M:%S UTC").to_string()
}

/// Whether the way back has reached the database already.
fn begun(state: &RunState) -> bool {
    let restores =
        |intent: &Intent| matches!(intent, Intent::Restore(_) | Intent::LeaveMigrated(_));
    state
        .undo
        .iter()
        .any(|entry| restores(&entry.intent) && entry.state != UndoState::Pending)
}

/// Whether the kept copy is there; where the server cannot be asked, the way back will find out.
async fn copy_is_there(world: &Live, ways: &WaysBack) -> bool {
    let undos = ways.way(Way::Swap).undos.as_deref().unwrap_or_default();
    for undo in undos {
        if let Intent::Restore(restore) = &undo.intent
            && let Some(copy) = &restore.copy
            && let Ok(false) = world.has_copy(&restore.database, copy).await
        {
            return false;
        }
    }
    true
}

/// The world, for looking at it before a runner takes the run up.
fn looking(environment: &Environment, directory: &RunDirectory) -> Live {
    let output = directory.path().join("output");
    Live::new(
        environment.clone(),
        &directory.run().0,
        output,
        Rc::new(Silent),
    )
    .for_looking()
}

/// Looking starts no process that outlives it, so there is nothing to tell.
struct Silent;

impl Report for Silent {
    fn process_started(&self, _program: &str, _process: &ProcessIdentity) -> Result<(), Failure> {
        Ok(())
    }

    fn progress(&self, _text: &str) {}
}
