//! What one can do to the world, in the trade's verbs.
//!
//! The only room that opens sockets, starts processes and touches files that are not cutover's own. [`Gateway`] is what primitives
//! see; `live` is the real world, [`Faulty`] makes any world fail at a chosen place. A gateway finds things by the names of the
//! environment; it knows no journal and no script.

mod failure;
mod faulty;
pub mod live;
mod process_identity;

use std::time::Duration;

use jiff::Timestamp;

pub use failure::Failure;
pub use faulty::{Faulty, Plan};
pub use process_identity::ProcessIdentity;

/// The world.
pub trait Gateway: Clock + Processes + Practice {}

impl<World: Clock + Processes + Practice> Gateway for World {}

/// What a gateway tells while it works; the gate writes process starts into the journal, the terminal shows progress.
pub trait Report {
    /// A process was started and has not acted yet. Where this fails, it must not act.
    fn process_started(&self, program: &str, process: &ProcessIdentity) -> Result<(), Failure>;
    /// How far a long piece of work is, in words.
    fn progress(&self, text: &str);
}

/// The processes that steps start.
pub trait Processes {
    /// Names the step that is about to act, so that what it starts and captures bears its number.
    fn turn_to(&self, step: u32);
    /// Makes certain that a process of an earlier runner is gone, with its whole group.
    async fn end_process(&self, process: &ProcessIdentity) -> Result<(), Failure>;
}

/// Time.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn pause(&self, duration: Duration);
}

/// Small files in a directory of cutover's own.
pub trait Practice {
    /// The text of a practice file, if it exists.
    async fn read_practice_file(&self, name: &str) -> Result<Option<String>, Failure>;
    /// Writes a practice file, or removes it where `text` is `None`.
    async fn write_practice_file(&self, name: &str, text: Option<&str>) -> Result<(), Failure>;
}
