//! Where runs live: one private directory per run, with the journal and everything that resuming it needs.
//!
//! ```text
//! STORE/                 0700
//!   locks/ENVIRONMENT    held while a runner works; names it
//!   plans/DIGEST         names the run that used the plan
//!   runs/RUN/            0700
//!     journal.ndjson     0600
//!     environment.json   the environment as it was, references to secrets only
//!     sources/NAME.rhai  the playbook and its modules as they were
//!     sources-2/…        those of the first edited playbook that was adopted, and so on
//!     values/              values that are too large for a record, by digest
//!     answers/           what people answered from another terminal
//!     output/            captured output of the programs that steps ran
//! ```

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use super::{Digest, FileJournal, JournalError, Opened, RunId, RunState};

/// All runs of one storage directory.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// The directory of one run.
#[derive(Debug, Clone)]
pub struct RunDirectory {
    path: PathBuf,
}

impl Store {
    /// Opens the store at `root`, making it if it is not there. It must be ours and closed to others.
    pub fn open(root: &Path) -> Result<Self, JournalError> {
        for directory in [root.to_owned(), root.join("runs"), root.join("locks")] {
            make_private(&directory)?;
        }
        Self::checked(root)
    }

    /// The store at `root` for looking into; `None` where there is none. It makes nothing.
    pub fn existing(root: &Path) -> Result<Option<Self>, JournalError> {
        if root.join("runs").exists() {
            Self::checked(root).map(Some)
        } else {
            Ok(None)
        }
    }

    fn checked(root: &Path) -> Result<Self, JournalError> {
        let ours = std::fs::metadata(root).map_err(|source| failed("look at", root, source))?;
        if ours.uid() != rustix::process::geteuid().as_raw() {
            return Err(JournalError::NotOurs {
                path: root.to_owned(),
                problem: "belongs to another user",
            });
        }
        if ours.permissions().mode() & 0o077 != 0 {
            return Err(JournalError::NotOurs {
                path: root.to_owned(),
                problem: "is open to other users; it holds backups and must have mode 0700",
            });
        }
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Notes that `run` uses the plan with this digest. Answers the run that used it before, if one did.
    pub fn use_plan(&self, plan: &Digest, run: &RunId) -> Result<Option<RunId>, JournalError> {
        let directory = self.root.join("plans");
        make_private(&directory)?;
        let path = directory.join(plan.to_string());
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(mut file) => {
                let written = file
                    .write_all(run.0.as_bytes())
                    .and_then(|()| file.sync_all());
                written.map_err(|source| failed("write", &path, source))?;
                sync_directory(&directory)?;
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let run = std::fs::read_to_string(&path);
                let run = run.map_err(|source| failed("read", &path, source))?;
                Ok(Some(RunId(run)))
            }
            Err(source) => Err(failed("write", &path, source)),
        }
    }

    /// The store's directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The lock file of an environment.
    #[must_use]
    pub fn lock(&self, environment: &str) -> PathBuf {
        let plain = |character: char| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        };
        self.root
            .join("locks")
            .join(environment.chars().map(plain).collect::<String>())
    }

    /// Makes the directory of a new run, synced with its parents.
    pub fn create(&self, run: &RunId) -> Result<RunDirectory, JournalError> {
        let path = self.root.join("runs").join(&run.0);
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|source| failed("create", &path, source))?;
        for part in ["sources", "answers", "output"] {
            make_private(&path.join(part))?;
        }
        sync_directory(&path)?;
        sync_directory(&self.root.join("runs"))?;
        Ok(RunDirectory { path })
    }

    /// The directory of an existing run. `run` may be the beginning of its name, if only one run begins so.
    pub fn find(&self, run: &RunId) -> Result<RunDirectory, JournalError> {
        let missing = || JournalError::NoSuchRun {
            run: run.clone(),
            store: self.root.clone(),
        };
        let mut matching = self
            .runs()?
            .into_iter()
            .filter(|known| known.0.starts_with(&run.0));
        let first = matching.next().ok_or_else(missing)?;
        if first != *run && matching.next().is_some() {
            return Err(missing());
        }
        Ok(RunDirectory {
            path: self.root.join("runs").join(first.0),
        })
    }

    /// The names of all runs, oldest first.
    pub fn runs(&self) -> Result<Vec<RunId>, JournalError> {
        let runs = self.root.join("runs");
        let entries = std::fs::read_dir(&runs).map_err(|source| failed("list", &runs, source))?;
        let names =
            entries.map(|entry| Ok(RunId(entry?.file_name().to_string_lossy().into_owned())));
        let mut names = names
            .collect::<io::Result<Vec<_>>>()
            .map_err(|source| failed("list", &runs, source))?;
        names.sort();
        Ok(names)
    }
}

impl RunDirectory {
    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name.
    #[must_use]
    pub fn run(&self) -> RunId {
        RunId(
            self.path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        )
    }

    /// The journal's path.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.ndjson")
    }

    /// Creates the journal of a new run.
    pub fn create_journal(&self) -> Result<FileJournal, JournalError> {
        let journal = FileJournal::create(&self.journal())?;
        sync_directory(&self.path)?;
        Ok(journal)
    }

    /// Opens the journal to go on with it, and folds it.
    pub fn open_journal(&self) -> Result<(Opened, RunState), JournalError> {
        let opened = FileJournal::open(&self.journal())?;
        let state = self.fold(&opened.records)?;
        Ok((opened, state))
    }

    /// Reads the journal and folds it, without opening it for writing.
    pub fn read(&self) -> Result<(Vec<super::Record>, RunState), JournalError> {
        let records = FileJournal::read(&self.journal())?.records;
        let state = self.fold(&records)?;
        Ok((records, state))
    }

    /// Stores a file of the run, private and synced.
    pub fn store(&self, name: &str, text: &str) -> Result<(), JournalError> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            make_private(parent)?;
        }
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|source| failed("write", &path, source))?;
        path.parent().map_or(Ok(()), sync_directory)
    }

    /// Reads a stored file of the run, if it is there.
    pub fn stored(&self, name: &str) -> Result<Option<String>, JournalError> {
        let path = self.path.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed("read", &path, source)),
        }
    }

    fn fold(&self, records: &[super::Record]) -> Result<RunState, JournalError> {
        RunState::of(records).map_err(|transition| JournalError::Impossible {
            path: self.journal(),
            transition,
        })
    }
}

pub(super) fn make_private(directory: &Path) -> Result<(), JournalError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| failed("create", directory, source))
}

pub(super) fn sync_directory(directory: &Path) -> Result<(), JournalError> {
    File::open(directory)
        .and_then(|open| open.sync_all())
        .map_err(|source| failed("sync", directory, source))
}

pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> JournalError {
    JournalError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
