//! Breaking a run on purpose, for the sweeps: the runner is killed at a record, or a call to the world fails. Hidden from the help.

use std::str::FromStr;

use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Signal, getpid, kill_process};

use crate::gateway::Plan;
use crate::gateway::live::world_lock::TERM;
use crate::journal::{Durability, Event, Journal, JournalError, Record};

/// What is to go wrong.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct Injection {
    /// Kill this process with SIGKILL before or after the record of this number is written, as in `before:17`; with `bug:17`, panic
    /// after it.
    #[arg(long, hide = true, value_name = "WHEN:RECORD")]
    crash: Option<Crash>,
    /// Make a call that changes the world fail, as in `before:3`, `after:3`, or `from:3` for every one from there on.
    #[arg(long, hide = true, value_name = "WHEN:CALL")]
    fail: Option<Fail>,
    /// How long the lease on the environment lasts, instead of a minute.
    #[arg(long, hide = true, value_name = "MILLISECONDS")]
    lease: Option<u64>,
}

/// A record at which the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crash {
    kind: CrashKind,
    record: u64,
}

/// How a process ends at a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CrashKind {
    /// Killed before it is written.
    Before,
    /// Killed once it is written.
    After,
    /// By a bug of its own, once it is written.
    Bug,
}

/// A call that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fail(Plan);

impl Injection {
    /// The plan for the gateway.
    pub(super) fn plan(&self) -> Plan {
        self.fail.map_or(Plan::Never, |fail| fail.0)
    }

    /// How long the lease on the environment lasts.
    pub(super) fn term(&self) -> Duration {
        self.lease.map_or(TERM, Duration::from_millis)
    }

    /// The journal, deadly where that was asked for.
    pub(super) fn journal(&self, journal: Box<dyn Journal>) -> Box<dyn Journal> {
        match self.crash {
            Some(crash) => Box::new(Deadly {
                journal,
                crash,
                written: None,
            }),
            None => journal,
        }
    }
}

/// A journal that kills its process at one record.
struct Deadly {
    journal: Box<dyn Journal>,
    crash: Crash,
    /// The number of the last record, once one was written here.
    written: Option<u64>,
}

impl Journal for Deadly {
    fn append(
        &mut self,
        at: Timestamp,
        event: Event,
        durability: Durability,
    ) -> Result<Record, JournalError> {
        if self.crash.kind == CrashKind::Before
            && self
                .written
                .is_some_and(|last| last + 1 == self.crash.record)
        {
            die();
        }
        let record = self.journal.append(at, event, durability)?;
        self.written = Some(record.seq);
        if record.seq == self.crash.record {
            match self.crash.kind {
                CrashKind::Before => {}
                CrashKind::After => die(),
                CrashKind::Bug => {
                    panic!(
                        "a bug was asked for at record {}{}",
                        record.seq,
                        words(&record)
                    )
                }
            }
        }
        Ok(record)
    }
}

/// What the step of a record is done to, as a bug might tell it.
fn words(record: &Record) -> String {
    match &record.event {
        Event::Read { intent, .. } | Event::Started { intent, .. } => {
            format!(": {}", intent.words())
        }
        _ => String::new(),
    }
}

/// The real thing: no destructor runs, nothing is flushed.
fn die() {
    // A process can always signal itself.
    let _ = kill_process(getpid(), Signal::KILL);
}

/// Reads `WHEN:NUMBER`.
fn split(text: &str) -> Result<(&str, u32), String> {
    let wrong = || format!("`{text}` is not of the form `before:3`");
    let (when, number) = text.split_once(':').ok_or_else(wrong)?;
    Ok((when, number.parse().map_err(|_| wrong())?))
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (when, record) = split(text)?;
        let kind = match when {
            "before" => CrashKind::Before,
            "after" => CrashKind::After,
            "bug" => CrashKind::Bug,
            _ => return Err("a crash comes `before` or `after` a record, or as a `bug`".to_owned()),
        };
        Ok(Self {
            kind,
            record: record.into(),
        })
    }
}

impl FromStr for Fail {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (when, call) = split(text)?;
        match when {
            "before" => Ok(Self(Plan::FailBefore(call))),
            "after" => Ok(Self(Plan::FailAfter(call))),
            "from" => Ok(Self(Plan::FailFrom(call))),
            _ => Err("a call fails `before`, `after` or `from`".to_owned()),
        }
    }
}
