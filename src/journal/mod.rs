//! The truth: what happened in a run, append-only and chained by hash.
//!
//! A record is the event: the terminal, the report, `status`, `resume` and the tests read the same records, and what a run *is* is a
//! pure fold over them ([`RunState`]). This room writes and reads files of its own; it performs no step and decides nothing.

mod chain;
mod digest;
mod error;
mod file;
mod fold;
mod header;
mod large;
mod memory;
mod outage;
mod outcome;
mod record;
mod sandbox;
mod store;
mod text;
mod ways;

pub use chain::{Chain, Damage, verify};
pub use digest::Digest;
pub use error::JournalError;
pub use file::{FileJournal, Opened};
pub use fold::{
    Approval, Attempt, Direction, IllegalTransition, RunState, SeenThen, Step, StepResult,
    TargetStage, TargetState, Trail, UndoEntry, UndoState,
};
pub use header::Header;
pub use memory::MemoryJournal;
pub use outage::Outage;
pub use record::{Actor, Ending, Event, Mark, Record, RunId, SettledAs, StepNo, Target, VERSION};
pub use sandbox::{Layer, Sandbox, Spent};
pub use store::{RunDirectory, Store};
pub use text::{Adoption, Place, Raised, Source};
pub use ways::{Loses, NewUndo, Takes, Way, WayBack, WaysBack};

use jiff::Timestamp;

/// Whether an append must be on disk before anything else happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Written and synced before the call returns.
    Synced,
    /// Written; the next synced append makes it durable.
    WithNext,
}

/// Where records go. A file for a run, memory for what only plays one.
pub trait Journal {
    /// Appends `event`, stamped with `at`, and returns the record.
    fn append(
        &mut self,
        at: Timestamp,
        event: Event,
        durability: Durability,
    ) -> Result<Record, JournalError>;
}
