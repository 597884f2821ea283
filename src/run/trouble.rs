//! What can go wrong in a run that is played.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::moment::{AtStep, Steps};
use crate::gateway::simulated::Simulated;
use crate::gateway::{Plan, StepFault};
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
    /// Which steps fail, by their verbs.
    pub steps: Vec<StepFault>,
    /// At which step the runner is killed.
    pub kill: Option<Kill>,
    /// What others do once a step has its outcome.
    pub meanwhile: Vec<(AtStep, Interference)>,
    /// A person does not approve what is shown with these words.
    pub refused_words: Option<String>,
    /// What a person does once the run was put down.
    pub afterwards: Afterwards,
}

/// What a person does once a run was put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Afterwards {
    /// A run that was killed is resumed, and one that waits is taken back.
    #[default]
    TakeBack,
    /// A run that was killed is resumed; one that waits is left waiting.
    Leave,
}

/// A runner that is killed at a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// The step.
    pub at: AtStep,
    /// When.
    pub when: KillMoment,
}

/// When a runner is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KillMoment {
    /// The step is written down and has done nothing.
    Before,
    /// The step has done its work, and nothing says so.
    During,
    /// The step has its outcome.
    After,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            call: Plan::Never,
            crash: None,
            interference: None,
            refused: None,
            steps: Vec::new(),
            kill: None,
            meanwhile: Vec::new(),
            refused_words: None,
            afterwards: Afterwards::default(),
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
    kill: Option<Kill>,
    steps: Steps,
    killed: bool,
}

impl Mortal {
    pub(super) fn new(journal: MemoryJournal, trouble: &Trouble) -> Self {
        Self {
            journal,
            crash: trouble.crash,
            kill: trouble.kill.clone(),
            steps: Steps::default(),
            killed: false,
        }
    }
}

impl Mortal {
    /// Where the runner is killed, if this record is the place.
    fn kill_at(&mut self, event: &Event, record: u64) -> Option<Crash> {
        let step = self.steps.follow(event);
        let kill = self
            .kill
            .as_ref()
            .filter(|kill| step.as_ref() == Some(&kill.at))?;
        let before = match (kill.when, event) {
            (KillMoment::Before, Event::Read { .. })
            | (
                KillMoment::During,
                Event::Read { .. } | Event::Finished { .. } | Event::Failed { .. },
            ) => true,
            (KillMoment::Before, Event::Started { .. })
            | (
                KillMoment::After,
                Event::Read { .. } | Event::Finished { .. } | Event::Failed { .. },
            ) => false,
            _ => return None,
        };
        Some(Crash { before, record })
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
        let here = here.or_else(|| self.kill_at(&event, number));
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
