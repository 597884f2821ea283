//! Exit codes: the one place where an ending or an error becomes a number and gets its hint.

use std::fmt;

use crate::environment::EnvironmentError;
use crate::gateway::live::world_lock::WorldLockError;
use crate::journal::{Ending, JournalError, RunState};
use crate::playbook::ParameterError;
use crate::run::LockError;
use crate::script::{HostError, SourceError};

/// What a process answers to whoever started it. Documented in the README; a test compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A bug in cutover.
    Bug = 1,
    /// Usage or configuration.
    Usage = 2,
    /// The check rejects the playbook.
    Rejected = 3,
    /// Refused before anything was touched.
    Refused = 4,
    /// Undone and verified.
    Undone = 5,
    /// Undone; some part could not be read again.
    UndoneUnverified = 6,
    /// Stuck: a person is needed.
    Stuck = 7,
    /// Held or paused: the run waits.
    Waiting = 8,
    /// The journal is damaged or cannot be written.
    Journal = 9,
    /// A plan that would change something.
    Changes = 10,
    /// Another runner or an unfinished run holds the environment.
    Locked = 12,
}

impl Exit {
    /// The code of an ending.
    #[must_use]
    pub fn of(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::Done,
            Ending::Refused => Self::Refused,
            Ending::Undone => Self::Undone,
            Ending::UndoneUnverified => Self::UndoneUnverified,
            Ending::Stuck => Self::Stuck,
            Ending::Held | Ending::Paused | Ending::Diverged => Self::Waiting,
        }
    }
}

/// An error on its way to the person: what, the code, and what helps.
#[derive(Debug)]
pub(super) struct CliError {
    exit: Exit,
    /// How production stands, where that is known and not well.
    first: Option<String>,
    message: String,
    hint: Option<String>,
}

impl CliError {
    /// An error in how cutover was called.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            first: None,
            message: message.into(),
            hint: None,
        }
    }

    /// A refusal before anything was touched.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Refused,
            first: None,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what helps.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says first how production stands under the run in `state`.
    #[must_use]
    pub(super) fn under(mut self, state: &RunState) -> Self {
        self.first = crate::render::production(state);
        self
    }

    /// The exit code.
    #[must_use]
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = &self.first {
            writeln!(formatter, "{}", crate::render::clean_lines(first))?;
        }
        write!(
            formatter,
            "error: {}",
            crate::render::clean_lines(&self.message)
        )?;
        self.hint
            .as_ref()
            .map_or(Ok(()), |hint| write!(formatter, "\nhelp: {hint}"))
    }
}

impl From<EnvironmentError> for CliError {
    fn from(error: EnvironmentError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<ParameterError> for CliError {
    fn from(error: ParameterError) -> Self {
        Self::usage(error.to_string()).hint(
            "parameters are given as `NAME=VALUE` behind the playbook; `cutover list` shows them",
        )
    }
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::UnknownPlaybook { .. } => Self::usage(error.to_string())
                .hint("`cutover list` lists what ships; a file of your own is named with `.rhai`"),
            SourceError::Unreadable { .. } => Self::usage(error.to_string()),
            SourceError::NotAsStored { .. } => Self::refused(error.to_string()).hint(
                "put it back as it was, or adopt what the run is to go by with `cutover resume RUN --playbook FILE`",
            ),
            SourceError::Stored(error) => error.into(),
        }
    }
}

impl From<HostError> for CliError {
    fn from(error: HostError) -> Self {
        Self {
            exit: Exit::Refused,
            first: None,
            message: error.to_string(),
            hint: None,
        }
    }
}

impl From<JournalError> for CliError {
    fn from(error: JournalError) -> Self {
        let (exit, hint) = match &error {
            JournalError::NoSuchRun { .. } => (Exit::Usage, Some("`cutover runs` lists the runs")),
            JournalError::NotOurs { .. } => (
                Exit::Usage,
                Some("`chmod 700` it, or name another storage in the environment file"),
            ),
            JournalError::Damaged { .. }
            | JournalError::Impossible { .. }
            | JournalError::ValueAltered { .. } => (
                Exit::Journal,
                Some(
                    "nothing was done, and how production stands is not known from here: look at the nodes; keep the file, and go on by hand from what `cutover show` tells",
                ),
            ),
            JournalError::Io { .. } | JournalError::Closed { .. } => (Exit::Journal, None),
        };
        Self {
            exit,
            first: None,
            message: error.to_string(),
            hint: hint.map(str::to_owned),
        }
    }
}

impl From<LockError> for CliError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { .. } => Self {
                exit: Exit::Locked,
                first: None,
                message: error.to_string(),
                hint: None,
            },
            LockError::Unfinished {
                ref run, ref state, ..
            } => {
                let production = state.as_deref().and_then(crate::render::production);
                let hint = format!(
                    "go on with `cutover resume {run}`, back with `cutover rollback {run}`, or give it up with `cutover abandon {run} --reason …`"
                );
                Self {
                    exit: Exit::Locked,
                    first: production,
                    message: error.to_string(),
                    hint: Some(hint),
                }
            }
            LockError::Newer { ref newer, .. } => {
                let hint = format!("take that back first, with `cutover rollback {newer}`");
                Self::refused(error.to_string()).hint(hint)
            }
            LockError::Io { .. } => Self {
                exit: Exit::Usage,
                first: None,
                message: error.to_string(),
                hint: None,
            },
            LockError::Journal(error) => error.into(),
        }
    }
}

impl From<WorldLockError> for CliError {
    fn from(error: WorldLockError) -> Self {
        let (exit, hint) = match error {
            WorldLockError::Held { .. } | WorldLockError::Lost { .. } => (
                Exit::Locked,
                "wait for its end, or end it where it runs: a lock whose runner is gone is free by itself",
            ),
            WorldLockError::Unseen(_) => (
                Exit::Refused,
                "is the server up, and do `[databases]` and the secret of the environment file fit it?",
            ),
        };
        Self {
            exit,
            first: None,
            message: error.to_string(),
            hint: Some(hint.to_owned()),
        }
    }
}
