//! What a person is asked in the middle of a run.

use serde::{Deserialize, Serialize};

use crate::journal::{Actor, StepNo, Way};

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Question {
    /// May the run go on past this step?
    Approve {
        /// The step.
        step: StepNo,
        /// Facts of the journal, and the playbook's words quoted.
        shown: String,
        /// What was shown when the same was asked before: an answer to that is one to this, since the facts tell the time.
        before: Option<String>,
    },
    /// Did this interrupted step take effect?
    Settle {
        /// The step.
        step: StepNo,
        /// Its verb.
        verb: String,
        /// What it was acting upon.
        target: String,
        /// Why the world does not tell.
        why: String,
    },
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Yes, and who said so.
    Yes(Actor),
    /// No, and who said so.
    No(Actor),
    /// Nobody is there to ask.
    Nobody,
}

/// What a person decides about a run in which a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// It stands where it is.
    Hold,
    /// It goes back, as every undo was written down.
    Undo,
    /// It goes back, and the migrated database on this way.
    By(Way, Actor),
}

/// Whoever can be asked.
pub trait People {
    /// Asks, and waits as long as people are there.
    async fn ask(&mut self, question: &Question) -> Answered;
    /// A step failed, for this `reason`. Asks whether to go back, and on which of the ways that there are.
    async fn turn_back(&mut self, reason: &str, ways: &[Way]) -> Back;
    /// Whether somebody asked for the run to be put down.
    fn wants_pause(&self) -> Option<String>;
}
