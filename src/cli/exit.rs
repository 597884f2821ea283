//! Exit codes: the one place where an ending or an error becomes a number and gets its hint.

use std::fmt;

use crate::environment::EnvironmentError;
use crate::gateway::live::world_lock::WorldLockError;
use crate::journal::{Ending, JournalError};
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
            Ending::Held | Ending::Paused => Self::Waiting,
        }
    }
}

/// An error on its way to the person: what, the code, and what helps.
#[derive(Debug)]
pub(super) struct CliError {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl CliError {
    /// An error in how cutover was called.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
            hint: None,
        }
    }

    /// A refusal before anything was touched.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Refused,
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

    /// The exit code.
    #[must_use]
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", crate::render::clean(&self.message))?;
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
            SourceError::Stored(error) => error.into(),
        }
    }
}

impl From<HostError> for CliError {
    fn from(error: HostError) -> Self {
        Self {
            exit: Exit::Refused,
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
                    "nothing was done; keep the file, and go on by hand from what `cutover show` tells",
                ),
            ),
            JournalError::Io { .. } | JournalError::Closed { .. } => (Exit::Journal, None),
        };
        Self {
            exit,
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
                message: error.to_string(),
                hint: None,
            },
            LockError::Unfinished { ref run, .. } => {
                let hint = format!(
                    "go on with `cutover resume {run}`, back with `cutover rollback {run}`, or give it up with `cutover abandon {run} --reason …`"
                );
                Self {
                    exit: Exit::Locked,
                    message: error.to_string(),
                    hint: Some(hint),
                }
            }
            LockError::Io { .. } => Self {
                exit: Exit::Usage,
                message: error.to_string(),
                hint: None,
            },
            LockError::Journal(error) => error.into(),
        }
    }
}

impl From<WorldLockError> for CliError {
    fn from(error: WorldLockError) -> Self {
        let exit = match error {
            WorldLockError::Held { .. } | WorldLockError::Lost { .. } => Exit::Locked,
            WorldLockError::Unseen(_) => Exit::Refused,
        };
        Self {
            exit,
            message: error.to_string(),
            hint: None,
        }
    }
}
