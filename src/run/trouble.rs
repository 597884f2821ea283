//! What can go wrong in a run that is played.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gateway::Plan;
use crate::gateway::simulated::Simulated;
use crate::journal::{Durability, Event, Journal, JournalError, MemoryJournal, Record};

/// What goes wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Which calls to the world fail.
    pub call: Plan,
    /// Where the runner is killed.
    pub crash: Option<Crash>,
    /// What others do to the world once the step of this number has its outcome.
    pub interference: Option<(u32, Interference)>,
    /// The step that a person does not approve.
    pub refused: Option<u32>,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            call: Plan::Never,
            crash: None,
            interference: None,
            refused: None,
        }
    }
}

/// A runner that is killed at a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    /// Whether before the record is written, or after.
    pub before: bool,
    /// The record's number, from 1.
    pub record: u64,
}

/// What others do in the middle of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interference {
    /// Somebody writes configuration into the database of this name.
    Write(String),
    /// Somebody takes Kong's lock on the migrations of this database, and keeps it.
    Lock(String),
    /// The next `kong migrations up` breaks off after its first migration.
    BreakOffUp,
    /// Half a day passes: windows close, approvals lapse.
    HalfADay,
    /// The disk for backups fills up.
    FullDisk,
    /// The process of this node dies.
    NodeDies(String),
}

impl Interference {
    pub(super) fn happen(&self, world: &Simulated) {
        match self {
            Self::Write(database) => world.interfere(|world| {
                if let Some(database) = world.databases.get_mut(database) {
                    database.writes += 1;
                    *database.entities.entry("consumers".to_owned()).or_default() += 1;
                }
            }),
            Self::Lock(database) => world.interfere(|world| {
                if let Some(database) = world.databases.get_mut(database) {
                    database.migration_lock = true;
                }
            }),
            Self::BreakOffUp => world.break_off_next_up(),
            Self::HalfADay => world.let_pass(Duration::from_hours(12)),
            Self::FullDisk => world.interfere(|world| {
                for database in world.databases.values_mut() {
                    database.free_bytes = 0;
                }
            }),
            Self::NodeDies(node) => world.lose_node(node),
        }
    }
}

/// A journal whose runner is killed at one record.
pub(super) struct Mortal {
    journal: MemoryJournal,
    crash: Option<Crash>,
    killed: bool,
}

impl Mortal {
    pub(super) fn new(journal: MemoryJournal, crash: Option<Crash>) -> Self {
        Self {
            journal,
            crash,
            killed: false,
        }
    }
}

impl Journal for Mortal {
    fn append(
        &mut self,
        at: Timestamp,
        event: Event,
        durability: Durability,
    ) -> Result<Record, JournalError> {
        let number = self.journal.count() as u64 + 1;
        let here = self.crash.filter(|crash| crash.record == number);
        if here.is_some_and(|crash| !crash.before) {
            self.journal.append(at, event, durability)?;
            self.killed = true;
        } else if here.is_none() && !self.killed {
            return self.journal.append(at, event, durability);
        }
        self.killed = true;
        // Whoever is killed does not learn how its last record went, and does nothing more.
        Err(JournalError::Closed {
            path: PathBuf::from("the journal of a killed runner"),
        })
    }
}
