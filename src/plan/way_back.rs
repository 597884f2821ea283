//! The ways back of a plan: which there are after each step, how long each takes, and what it loses.
//!
//! Owns where they change, so that a reader is told once and not at every step. Which ways there are, others have found out.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlannedStep;
use crate::gateway::simulated::Basis;
use crate::journal::{Loses, StepNo, Way};
use crate::run::{PlayedWay, WaysAfter};

/// A way back as it is expected to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedWay {
    /// Which.
    pub way: WayWord,
    /// How many things are undone on it.
    pub undos: usize,
    /// How long it takes until everything was looked at again, in milliseconds.
    pub milliseconds: u64,
    /// What that rests on; none where it takes no time.
    pub basis: Option<Basis>,
    /// What it loses.
    pub loses: Loss,
    /// Why it would need a person, if it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<String>,
}

/// A way back, by its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WayWord {
    /// No database is migrated: everything is undone, newest first.
    Undo,
    /// The old package on the migrated database.
    Repackage,
    /// The kept copy of the backup takes the database's place.
    Swap,
    /// The backup is restored beside the database and takes its place.
    Restore,
}

/// What a way back loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Nothing that was written.
    Nothing {
        /// What stays all the same, in words; empty where nothing does.
        stays: String,
    },
    /// What is written after the backup.
    Writes {
        /// The step that takes it, where the run does.
        since_step: Option<u32>,
        /// When it is taken.
        #[schemars(with = "String")]
        since: Timestamp,
    },
}

/// Where the ways back are other than before, or take far longer than was told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WaysChange {
    /// The step after which that is so.
    pub after: u32,
    /// The ways, each with the longest time that it takes until the next change.
    pub ways: Vec<PlannedWay>,
}

/// A way that takes this many times longer than at the last change makes another change.
const FAR: u64 = 3;

/// Below this many milliseconds nobody minds how long a way back takes.
const SHORT: u64 = 5_000;

impl WayWord {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Repackage => "repackage",
            Self::Swap => "swap",
            Self::Restore => "restore",
        }
    }
}

impl PlannedWay {
    /// The ways back after the step `number`, as they were played.
    pub(super) fn after(number: StepNo, played: &[WaysAfter]) -> Vec<Self> {
        let after = played.iter().find(|after| after.step == number);
        let ways = after.map(|after| after.ways.as_slice()).unwrap_or_default();
        ways.iter().map(Self::of).collect()
    }

    fn of(played: &PlayedWay) -> Self {
        Self {
            way: match played.way {
                None => WayWord::Undo,
                Some(Way::Repackage) => WayWord::Repackage,
                Some(Way::Swap) => WayWord::Swap,
                Some(Way::Restore) => WayWord::Restore,
            },
            undos: played.undos,
            milliseconds: played.milliseconds,
            basis: played.basis,
            loses: match &played.loses {
                Loses::Nothing(stays) => Loss::Nothing {
                    stays: stays.clone(),
                },
                Loses::Since(since) => Loss::Writes {
                    since_step: played.backed_up.map(|step| step.0),
                    since: *since,
                },
            },
            stuck: played.stuck.clone(),
        }
    }

    /// Whether there is nothing to be undone yet, so that nothing needs to be said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.undos == 0
    }

    /// Whether a reader who was told `before` knows enough of it: the same way with the same loss, and not far longer.
    fn is_told_by(&self, before: &Self) -> bool {
        let same = (self.way, &self.loses, &self.stuck, self.is_empty())
            == (before.way, &before.loses, &before.stuck, before.is_empty());
        same && self.milliseconds <= SHORT.max(before.milliseconds * FAR)
    }
}

/// Where the ways back of `steps` change.
pub(super) fn changes(steps: &[PlannedStep]) -> Vec<WaysChange> {
    let mut changes: Vec<WaysChange> = Vec::new();
    // The times at the last change, before longer ones were put in their place.
    let mut told: &[PlannedWay] = &[];
    for step in steps {
        let ways = &step.ways_back;
        let known = ways
            .iter()
            .zip(told)
            .all(|(now, told)| now.is_told_by(told));
        let same = known && ways.len() == told.len();
        if let Some(change) = changes.last_mut().filter(|_| same) {
            for (longest, now) in change.ways.iter_mut().zip(ways) {
                if now.milliseconds > longest.milliseconds {
                    longest.clone_from(now);
                }
            }
        } else {
            told = ways;
            changes.push(WaysChange {
                after: step.number,
                ways: ways.clone(),
            });
        }
    }
    changes
}
