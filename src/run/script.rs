//! What drives a run, seen from here: something that asks for steps and is answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Fault;
use crate::journal::{Place, Raised, Spent, StepNo};
use crate::primitive::{Failure, Intent};

/// What a step answers: an outcome, or a failure that the script may catch.
pub type Answer = Result<Value, Failure>;

/// What the script wants next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// A step.
    Call {
        /// What it wants.
        intent: Intent,
        /// Where in the playbook.
        place: Option<Place>,
    },
    /// A phase began.
    Entered {
        /// Its name.
        name: String,
    },
    /// A phase ended.
    Left {
        /// Its name.
        name: String,
    },
    /// The playbook ran to its end.
    Done,
    /// The playbook ended in something that it did not catch. The script's side stays, for its closures.
    Raised(Raised),
    /// What was recorded has been replayed; the script waits for closures to be asked for, and goes no further.
    Replayed,
    /// A closure that was asked for ended.
    ClosureEnded {
        /// `true` or `false` where it answered that, else null; or the failure that it did not catch.
        answer: Answer,
    },
}

/// What drives a run.
pub trait Script {
    /// Starts the playbook. The answers of recorded steps are sent `ahead`; with `only_replay` it stops where they end.
    async fn begin(&mut self, ahead: Vec<Answer>, only_replay: bool) -> Result<(), Fault>;
    /// What the script wants next.
    async fn next(&mut self) -> Result<Request, Fault>;
    /// Answers the step that was asked for last.
    async fn answer(&mut self, answer: Answer) -> Result<(), Fault>;
    /// Asks for the closure that step `step` left.
    async fn closure(&mut self, step: StepNo) -> Result<(), Fault>;
    /// Whether the script's side is there and waits, so that closures can be asked for.
    fn waits(&self) -> bool;
    /// What it used of its budgets so far; nothing where nobody counts.
    fn spent(&self) -> Vec<Spent> {
        Vec::new()
    }
}
