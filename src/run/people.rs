//! What a person is asked in the middle of a run.

use serde::{Deserialize, Serialize};

use crate::journal::{Actor, StepNo};

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
    },
    /// Did this interrupted step take effect?
    Settle {
        /// The step.
        step: StepNo,
        /// Why the world does not tell.
        why: String,
    },
    /// A step failed. Should what was done be undone?
    Undo {
        /// What failed.
        reason: String,
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

/// Whoever can be asked.
pub trait People {
    /// Asks, and waits as long as people are there.
    async fn ask(&mut self, question: &Question) -> Answered;
    /// Whether somebody asked for the run to be put down.
    fn wants_pause(&self) -> Option<String>;
}
