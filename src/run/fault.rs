//! What stops a run and cannot be caught by a script, whatever wraps it.

use crate::journal::{JournalError, Place, StepNo};

/// What stops a run.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The journal cannot be written or believed: nothing more may be done.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The script did something else than what is recorded.
    #[error("{0}")]
    Diverged(Box<Divergence>),
    /// Something that is not granted was wanted.
    #[error("{0}")]
    Denied(Denial),
    /// The run is put down between two steps, to be resumed.
    #[error("{reason}")]
    Paused {
        /// Why.
        reason: String,
    },
    /// The script's process ended, or broke the protocol.
    #[error("the script's process {0}")]
    ScriptDied(String),
    /// The script used up a budget.
    #[error("the script used up its budget of {0}")]
    Budget(String),
}

/// What is recorded, and what was attempted instead.
#[derive(Debug, thiserror::Error)]
#[error(
    "the playbook went another way than recorded\n  recorded:  {recorded}\n  attempted: {attempted}{}",
    place.as_ref().map(|place| format!("\n  at {place}")).unwrap_or_default()
)]
pub struct Divergence {
    /// What the journal holds at this point.
    pub recorded: String,
    /// What the script did.
    pub attempted: String,
    /// Where in the playbook.
    pub place: Option<Place>,
}

/// What was not granted.
#[derive(Debug, thiserror::Error)]
#[error("step {step}, `{verb}`, is not granted{}: {why}", on(objects))]
pub struct Denial {
    /// The step.
    pub step: StepNo,
    /// The primitive.
    pub verb: String,
    /// What it is about.
    pub objects: String,
    /// Why not, and what would have granted it.
    pub why: String,
}

fn on(objects: &str) -> String {
    match objects {
        "" => String::new(),
        some => format!(" on {some}"),
    }
}
