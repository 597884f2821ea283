//! The ways back of a run that migrates a database, as far as its records tell: which there are, what each takes and what it loses.
//!
//! Knows the records alone. What the world says beside them (is the copy still there, who wrote what) is looked at by whoever may.

mod evidence;
mod takes;
mod told;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use takes::Takes;

use evidence::{Migration, Subject, migrated, migrations, pair, step_of, subject};

use super::{RunState, StepNo, StepResult};
use crate::primitive::{BackupFacts, Intent, LeaveMigrated, Migrated, Restore, ReviewPath};

/// How a run that migrated a database comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The old package on the migrated database.
    Repackage,
    /// The kept copy of the backup takes the database's place.
    Swap,
    /// The backup is restored beside the database and takes its place.
    Restore,
}

/// What undoes a step instead of what was written down when it began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewUndo {
    /// The step.
    pub step: StepNo,
    /// The target's position.
    pub target: usize,
    /// What undoes it.
    pub intent: Intent,
}

/// The ways back of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct WaysBack {
    /// The database that is migrated, or is to be.
    pub database: String,
    /// What it was before.
    pub backup: BackupFacts,
    /// The step that took the backup, where this run took it.
    pub backed_up: Option<StepNo>,
    /// What the last `up` recorded, where it ended well.
    pub after_up: Option<Migrated>,
    /// Whether it was migrated already.
    pub migrated: bool,
    /// Whether the migrations were finished, or that was begun.
    pub finished: bool,
    /// The three ways, the one that loses least first.
    pub ways: [WayBack; 3],
}

/// One way back.
#[derive(Debug, Clone, PartialEq)]
pub struct WayBack {
    /// Which.
    pub way: Way,
    /// What undoes each migration on this way, or why there is no such way. Empty while nothing was migrated.
    pub undos: Result<Vec<NewUndo>, String>,
    /// How long it takes.
    pub takes: Takes,
    /// What it loses.
    pub loses: Loses,
}

/// What a way back loses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loses {
    /// Nothing that was written. What stays, in words.
    Nothing(String),
    /// What was written since.
    Since(Timestamp),
}

impl WaysBack {
    /// The ways back of the run, if it migrated a database or has prepared to.
    #[must_use]
    pub fn of(state: &RunState) -> Option<Self> {
        let migrations = migrations(state);
        let subject = subject(state, &migrations)?;
        let (repackage, stays) = match repackage(state, &migrations) {
            Ok((undos, stays)) => (Ok(undos), stays),
            Err(why) => (Err(why), String::new()),
        };
        let swap = match subject.copy {
            Some(_) => Ok(restores(&migrations, true)),
            None => Err("no copy of the backup was kept".to_owned()),
        };
        let Subject {
            database, backup, ..
        } = subject;
        let back = |way, undos, loses| WayBack {
            way,
            undos,
            takes: Takes::of(state, way, &database),
            loses,
        };
        let since = || Loses::Since(backup.taken_at);
        let ways = [
            back(Way::Repackage, repackage, Loses::Nothing(stays)),
            back(Way::Swap, swap, since()),
            back(Way::Restore, Ok(restores(&migrations, false)), since()),
        ];
        Some(Self {
            database,
            backed_up: step_of(state, &backup),
            backup,
            after_up: migrations
                .last()
                .and_then(|migration| migrated(migration.step)),
            migrated: !migrations.is_empty(),
            finished: state.past_return(),
            ways,
        })
    }

    /// The way called `way`.
    #[must_use]
    pub fn way(&self, way: Way) -> &WayBack {
        let found = self.ways.iter().find(|back| back.way == way);
        found.expect("all three are listed")
    }

    /// The ways that there are.
    #[must_use]
    pub fn open(&self) -> Vec<Way> {
        let open = self.ways.iter().filter(|back| back.undos.is_ok());
        open.map(|back| back.way).collect()
    }

    /// The way that is taken unless a person chooses another: the kept copy where there is one, else the backup.
    #[must_use]
    pub fn preset(&self) -> Way {
        if self.way(Way::Swap).undos.is_ok() {
            Way::Swap
        } else {
            Way::Restore
        }
    }
}

/// What undoes the migrations by bringing back what was before, by the kept copy or without it.
fn restores(migrations: &[Migration<'_>], with_copy: bool) -> Vec<NewUndo> {
    let undo = |migration: &Migration<'_>| {
        let up = migration.up;
        migration.undone_by(Intent::Restore(Restore {
            database: up.database.clone(),
            backup: up.backup.clone(),
            copy: up.copy.clone().filter(|_| with_copy),
            finished_by: None,
        }))
    };
    migrations.iter().map(undo).collect()
}

/// What undoes the migration by leaving it, with what stays; or why that cannot be.
fn repackage(
    state: &RunState,
    migrations: &[Migration<'_>],
) -> Result<(Vec<NewUndo>, String), String> {
    if state.past_return() {
        return Err("the migrations were finished: no old version serves any more".to_owned());
    }
    let ReviewPath { from, to } =
        pair(state).ok_or("no other version was installed, so the pair is not known")?;
    match migrations {
        [] => {
            LeaveMigrated::evidence(&from, &to)?;
            Ok((
                Vec::new(),
                format!("the database keeps the schema of {to}, not finished"),
            ))
        }
        [only] => {
            let StepResult::Finished(outcome) = &only.step.result else {
                return Err("`kong migrations up` did not end well".to_owned());
            };
            let after = serde_json::from_value(outcome.clone())
                .map_err(|_| "what `up` left is not on record".to_owned())?;
            let leave = Intent::LeaveMigrated(LeaveMigrated::after(only.up, &after, from, to)?);
            let stays = leave.leaves().unwrap_or_default();
            Ok((vec![only.undone_by(leave)], stays))
        }
        _ => Err("the run migrated more than once".to_owned()),
    }
}
