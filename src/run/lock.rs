//! One runner at a time: the lock on disk, and the closed environment that an unfinished run leaves behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::gateway::ProcessIdentity;
use crate::journal::{Ending, JournalError, RunId, RunState, Store};

/// How long the lock of a runner that is gone is waited for. A process that it was just starting when it was killed has a copy of the
/// lock until it becomes another program.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two tries.
const BETWEEN: Duration = Duration::from_millis(10);

/// The lock on an environment, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct EnvironmentLock {
    _file: File,
}

/// Why the environment is not ours now.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another runner works in it.
    #[error("another runner holds the environment `{environment}`: {holder}")]
    Held {
        /// The environment.
        environment: String,
        /// The run and process that hold it.
        holder: String,
    },
    /// A run in it is not finished.
    #[error("run {run} in the environment `{environment}` is not finished: {standing}")]
    Unfinished {
        /// The environment.
        environment: String,
        /// The run.
        run: RunId,
        /// How it stands.
        standing: String,
        /// What its journal tells, where it can be read.
        state: Option<Box<RunState>>,
    },
    /// A later run stands in it.
    #[error("run {newer} came after run {run} and stands; runs are taken back newest first")]
    Newer {
        /// The run that is to be taken back.
        run: RunId,
        /// The one that came after it.
        newer: RunId,
    },
    /// The lock file cannot be used.
    #[error("cannot use the lock `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl EnvironmentLock {
    /// Takes the lock for `run`, unless another runner has it.
    pub fn take(store: &Store, environment: &str, run: &RunId) -> Result<Self, LockError> {
        let path = store.lock(environment);
        let io = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        let options = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let mut file = options.map_err(io)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
            let holder = holder(&mut file);
            if !is_gone(&holder) || Instant::now() > deadline {
                return Err(LockError::Held {
                    environment: environment.to_owned(),
                    holder,
                });
            }
            std::thread::sleep(BETWEEN);
        }
        let text = format!("run {run}, process {}\n", std::process::id());
        let mut write = || {
            file.rewind()?;
            file.set_len(0)?;
            file.write_all(text.as_bytes())
        };
        write().map_err(io)?;
        Ok(Self { _file: file })
    }

    /// Refuses when a run of `environment` that began after `own` changed something and was not taken back: what `own` found is not
    /// what stands there now.
    pub fn require_newest(
        store: &Store,
        environment: &str,
        own: (&RunId, &RunState),
    ) -> Result<(), LockError> {
        let (run, own) = own;
        let mut newest: Option<(Timestamp, RunId)> = None;
        for other in store.runs()?.into_iter().filter(|other| other != run) {
            let directory = store.find(&other)?;
            if !directory.journal().exists() {
                continue;
            }
            let (_, state) = directory.read()?;
            let header = state.header.as_ref();
            let here = header.is_some_and(|header| header.environment == environment);
            let stands = state.ending == Some(Ending::Done)
                && state.touched()
                && (state.past_return() || !state.undo.is_empty());
            let after = state.began.filter(|began| Some(*began) > own.began);
            if let Some(began) = after.filter(|_| here && stands) {
                newest = newest.max(Some((began, other)));
            }
        }
        newest.map_or(Ok(()), |(_, newer)| {
            Err(LockError::Newer {
                run: run.clone(),
                newer,
            })
        })
    }

    /// Refuses when a run of `environment`, other than `own`, is not finished.
    pub fn require_free(
        store: &Store,
        environment: &str,
        own: Option<&RunId>,
    ) -> Result<(), LockError> {
        for run in store
            .runs()?
            .into_iter()
            .rev()
            .filter(|run| Some(run) != own)
        {
            let directory = store.find(&run)?;
            if !directory.journal().exists() {
                // It ended before its journal was made, and so before anything was done.
                continue;
            }
            let Ok((_, state)) = directory.read() else {
                // A journal that cannot be read may be that of an unfinished run.
                let standing = "its journal cannot be read".to_owned();
                return Err(LockError::Unfinished {
                    environment: environment.to_owned(),
                    run,
                    standing,
                    state: None,
                });
            };
            let here = state
                .header
                .as_ref()
                .is_some_and(|header| header.environment == environment);
            if here && !state.closed() {
                let standing = if state.reason.is_empty() {
                    "its runner is gone".to_owned()
                } else {
                    state.reason.clone()
                };
                return Err(LockError::Unfinished {
                    environment: environment.to_owned(),
                    run,
                    standing,
                    state: Some(Box::new(state)),
                });
            }
        }
        Ok(())
    }
}

/// Who holds the lock, as the holder wrote it. It is for people; one that cannot be read holds it all the same.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file
        .rewind()
        .and_then(|()| file.read_to_string(&mut text).map(drop));
    text.trim().to_owned()
}

/// Whether the process that a holder names has ended.
fn is_gone(holder: &str) -> bool {
    let pid = holder
        .rsplit_once("process ")
        .and_then(|(_, pid)| pid.parse().ok());
    pid.is_some_and(|pid| ProcessIdentity::of(pid).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_runner_was_starting_is_waited_for_and_a_live_one_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open(&directory.path().join("store")).expect("a store");
        let run = RunId("first".to_owned());
        let held = EnvironmentLock::take(&store, "practice", &run).expect("free");
        let refused = EnvironmentLock::take(&store, "practice", &run).expect_err("held");
        let own = format!("process {}", std::process::id());
        assert!(refused.to_string().ends_with(&own), "{refused}");
        // No process has this id: the kernel's are smaller.
        std::fs::write(store.lock("practice"), "run first, process 4194999\n").expect("written");
        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(held);
        });
        EnvironmentLock::take(&store, "practice", &run).expect("free in the end");
        release.join().expect("released");
    }
}
