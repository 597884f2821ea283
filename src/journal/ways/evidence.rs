//! What the records tell about migrations: which are still to be undone, from which version to which, and what was kept before.

use super::NewUndo;
use crate::journal::{Direction, RunState, Step, StepNo, StepResult, UndoEntry, UndoState};
use crate::primitive::{BackupFacts, Intent, MigrateUp, Migrated, ReviewPath};

/// A migration that is still to be undone.
pub(super) struct Migration<'a> {
    entry: &'a UndoEntry,
    pub(super) step: &'a Step,
    pub(super) up: &'a MigrateUp,
}

impl Migration<'_> {
    /// `intent` in the place of its undo.
    pub(super) fn undone_by(&self, intent: Intent) -> NewUndo {
        NewUndo {
            step: self.entry.step,
            target: self.entry.target,
            intent,
        }
    }
}

/// The migrations that are still to be undone, oldest first.
pub(super) fn migrations(state: &RunState) -> Vec<Migration<'_>> {
    let pending = state
        .undo
        .iter()
        .filter(|entry| entry.state != UndoState::Finished);
    let mut found: Vec<Migration<'_>> = pending
        .filter_map(|entry| {
            let step = state.step(entry.step)?;
            match &step.intent {
                Intent::MigrateUp(up) => Some(Migration { entry, step, up }),
                _ => None,
            }
        })
        .collect();
    // A migration that was attempted again has an undo for each attempt.
    found.dedup_by_key(|migration| (migration.entry.step, migration.entry.target));
    found
}

/// What the ways back are about.
pub(super) struct Subject {
    pub(super) database: String,
    pub(super) backup: BackupFacts,
    pub(super) copy: Option<String>,
}

/// The database that was migrated; before that, the one that an upgrade backed up last.
pub(super) fn subject(state: &RunState, migrations: &[Migration<'_>]) -> Option<Subject> {
    if let Some(first) = migrations.first() {
        return Some(Subject {
            database: first.up.database.clone(),
            backup: first.up.backup.clone(),
            copy: first.up.copy.clone(),
        });
    }
    let migrated = |step: &Step| step.is_act() && matches!(step.intent, Intent::MigrateUp(_));
    if state.closed()
        || state.direction == Direction::Unwinding
        || state.steps.iter().any(migrated)
        || pair(state).is_none()
    {
        return None;
    }
    state
        .steps
        .iter()
        .rev()
        .find_map(|step| match (&step.intent, &step.result) {
            (Intent::Backup(intent), StepResult::Finished(outcome)) => {
                let backup = serde_json::from_value(outcome.clone()).ok()?;
                Some(Subject {
                    database: intent.database.clone(),
                    copy: kept_copy(state, &backup),
                    backup,
                })
            }
            _ => None,
        })
}

/// The step that took `backup`.
pub(super) fn step_of(state: &RunState, backup: &BackupFacts) -> Option<StepNo> {
    let took = |step: &&Step| match (&step.intent, &step.result) {
        (Intent::Backup(_), StepResult::Finished(outcome)) => {
            serde_json::from_value(outcome.clone()).is_ok_and(|taken: BackupFacts| taken == *backup)
        }
        _ => false,
    };
    Some(state.steps.iter().find(took)?.number)
}

/// The version that ran and the one that migrates: as installed, else as the upgrade was reviewed.
pub(super) fn pair(state: &RunState) -> Option<ReviewPath> {
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

/// What a finished `up` recorded.
pub(super) fn migrated(step: &Step) -> Option<Migrated> {
    let StepResult::Finished(outcome) = &step.result else {
        return None;
    };
    serde_json::from_value(outcome.clone()).ok()
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
