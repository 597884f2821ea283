//! The ways back of a run that migrates a database, as far as its records tell: which there are, what each takes and what it loses.
//!
//! Knows the records alone. What the world says beside them (is the copy still there, who wrote what) is looked at by whoever may.

mod takes;
mod told;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use takes::Takes;

use super::{RunState, Step, StepNo, StepResult, UndoEntry, UndoState};
use crate::primitive::{
    BackupFacts, BaselineFacts, Intent, LeaveMigrated, MigrateUp, Migrated, Restore, ReviewPath,
};

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
    /// What the database held directly after it was migrated, where that is on record.
    pub baseline: Option<BaselineFacts>,
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
#[derive(Debug, Clone, PartialEq)]
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
        let migrations: Vec<(&UndoEntry, &Step, &MigrateUp)> = state
            .undo
            .iter()
            .filter(|entry| entry.state != UndoState::Finished)
            .filter_map(|entry| {
                let step = state.step(entry.step)?;
                match &step.intent {
                    Intent::MigrateUp(up) => Some((entry, step, up)),
                    _ => None,
                }
            })
            .collect();
        if let Some((_, _, first)) = migrations.first() {
            let copy = first.copy.clone();
            return Some(Self::prepared(
                state,
                &first.database,
                &first.backup,
                copy,
                &migrations,
            ));
        }
        let over = state.closed() || state.direction == super::Direction::Unwinding;
        let migrated = state
            .steps
            .iter()
            .any(|step| step.is_act() && matches!(step.intent, Intent::MigrateUp(_)));
        if over || migrated {
            return None;
        }
        // Before anything is migrated: the last backup, if an upgrade is what the run is about.
        pair(state)?;
        let (database, backup) =
            state
                .steps
                .iter()
                .rev()
                .find_map(|step| match (&step.intent, &step.result) {
                    (Intent::Backup(intent), StepResult::Finished(outcome)) => Some((
                        intent.database.clone(),
                        serde_json::from_value(outcome.clone()).ok()?,
                    )),
                    _ => None,
                })?;
        let copy = kept_copy(state, &backup);
        Some(Self::prepared(state, &database, &backup, copy, &[]))
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

    fn prepared(
        state: &RunState,
        database: &str,
        backup: &BackupFacts,
        copy: Option<String>,
        migrations: &[(&UndoEntry, &Step, &MigrateUp)],
    ) -> Self {
        let restores = |with_copy: bool| {
            let undo = |(entry, _, up): &(&UndoEntry, &Step, &MigrateUp)| NewUndo {
                step: entry.step,
                target: entry.target,
                intent: Intent::Restore(Restore {
                    database: up.database.clone(),
                    backup: up.backup.clone(),
                    copy: up.copy.clone().filter(|_| with_copy),
                }),
            };
            migrations.iter().map(undo).collect::<Vec<_>>()
        };
        let swap = match copy {
            Some(_) => Ok(restores(true)),
            None => Err("no copy of the backup was kept".to_owned()),
        };
        let (repackage, stays) = match repackage(state, migrations) {
            Ok((undos, stays)) => (Ok(undos), stays),
            Err(why) => (Err(why), String::new()),
        };
        let back = |way, undos, loses| WayBack {
            way,
            undos,
            takes: Takes::of(state, way, database),
            loses,
        };
        Self {
            database: database.to_owned(),
            backup: backup.clone(),
            baseline: migrations.last().and_then(|(_, step, _)| baseline(step)),
            migrated: !migrations.is_empty(),
            finished: state.past_return(),
            ways: [
                back(Way::Repackage, repackage, Loses::Nothing(stays)),
                back(Way::Swap, swap, Loses::Since(backup.taken_at)),
                back(
                    Way::Restore,
                    Ok(restores(false)),
                    Loses::Since(backup.taken_at),
                ),
            ],
        }
    }
}

/// What undoes the migration by leaving it, with what stays; or why that cannot be.
fn repackage(
    state: &RunState,
    migrations: &[(&UndoEntry, &Step, &MigrateUp)],
) -> Result<(Vec<NewUndo>, String), String> {
    if state.past_return() {
        return Err("the migrations were finished: no old version serves any more".to_owned());
    }
    let ReviewPath { from, to } =
        pair(state).ok_or("no other version was installed, so the pair is not known")?;
    match migrations {
        [] => {
            LeaveMigrated::evidence(&from, &to)?;
            Ok((Vec::new(), format!("the schema of {to}, not finished")))
        }
        [(entry, step, up)] => {
            let StepResult::Finished(outcome) = &step.result else {
                return Err("`kong migrations up` did not end well".to_owned());
            };
            let after = serde_json::from_value(outcome.clone())
                .map_err(|_| "what `up` left is not on record".to_owned())?;
            let leave = LeaveMigrated::after(up, &after, from, to)?;
            let intent = Intent::LeaveMigrated(leave);
            let stays = intent.leaves().unwrap_or_default();
            let undo = NewUndo {
                step: entry.step,
                target: entry.target,
                intent,
            };
            Ok((vec![undo], stays))
        }
        _ => Err("the run migrated more than once".to_owned()),
    }
}

/// The baseline that a finished `up` left.
fn baseline(step: &Step) -> Option<BaselineFacts> {
    let StepResult::Finished(outcome) = &step.result else {
        return None;
    };
    let migrated: Migrated = serde_json::from_value(outcome.clone()).ok()?;
    migrated.baseline
}

/// The version that ran and the one that migrates: as installed, else as the upgrade was reviewed.
fn pair(state: &RunState) -> Option<ReviewPath> {
    let forward = || {
        state
            .steps
            .iter()
            .rev()
            .filter(|step| step.within.is_none())
    };
    let installed = forward().find_map(|step| match &step.intent {
        Intent::Install(install) => {
            let found = &step.targets.first()?.target.observed;
            Some(ReviewPath {
                from: serde_json::from_value(found.clone()).ok()?,
                to: install.version,
            })
        }
        _ => None,
    });
    installed.or_else(|| {
        forward().find_map(|step| match &step.intent {
            Intent::ReviewPath(path) => Some(path.clone()),
            _ => None,
        })
    })
}

/// The copy of `backup` that a proof kept.
fn kept_copy(state: &RunState, backup: &BackupFacts) -> Option<String> {
    state.steps.iter().find_map(|step| match &step.intent {
        Intent::Verify(verify) if verify.keep && verify.backup == *backup => {
            matches!(step.result, StepResult::Finished(_)).then(|| verify.copy())
        }
        _ => None,
    })
}
