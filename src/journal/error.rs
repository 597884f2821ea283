//! Why a journal cannot be used. Every one of these ends a run at once: what cannot be written down must not be done.

use std::io;
use std::path::PathBuf;

use super::{Damage, IllegalTransition, RunId};

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was being done: "open", "append to", "sync".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The journal is not as it was written.
    #[error("the journal `{}` is damaged at line {line}: {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        damage: Damage,
    },
    /// The records are intact and do not make sense together.
    #[error("the journal `{}` tells an impossible story: {transition}", path.display())]
    Impossible {
        /// The file.
        path: PathBuf,
        /// Where it stops making sense.
        transition: IllegalTransition,
    },
    /// An earlier append failed; nothing more is believed to reach the disk.
    #[error("the journal `{}` could not be written before and is closed", path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
    /// A value that the journal names is not as it was written.
    #[error("the value `{}`, which the journal names, is not as it was written", path.display())]
    ValueAltered {
        /// The file.
        path: PathBuf,
    },
    /// There is no such run.
    #[error("there is no run `{run}` in `{}`", store.display())]
    NoSuchRun {
        /// The run.
        run: RunId,
        /// The store.
        store: PathBuf,
    },
    /// Somebody else could read or change what is ours.
    #[error("`{}` {problem}", path.display())]
    NotOurs {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
}
