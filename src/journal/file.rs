//! The journal file: appended, synced, and never rewritten.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Digest, Durability, Event, Journal, JournalError, Record, chain, large};

/// An open journal file.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    file: File,
    seq: u64,
    head: Digest,
    /// Set by the first failed write or sync. What the kernel did with the bytes is unknown then, so nothing is appended after.
    closed: bool,
}

/// A journal that was opened again.
#[derive(Debug)]
pub struct Opened {
    /// The journal, ready to append.
    pub journal: FileJournal,
    /// What stands in it.
    pub records: Vec<Record>,
    /// How many bytes of a torn last line were cut off.
    pub cut: u64,
}

impl FileJournal {
    /// Creates an empty journal at `path`, readable by its owner alone. The caller syncs the directory.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| io("create", path, source))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            seq: 0,
            head: Digest::ZERO,
            closed: false,
        })
    }

    /// Reads the records of the journal at `path` without opening it for writing.
    pub fn read(path: &Path) -> Result<chain::Chain, JournalError> {
        let bytes = std::fs::read(path).map_err(|source| io("read", path, source))?;
        verified(path, &bytes)
    }

    /// Opens the journal at `path` to go on with it, cutting a torn last line.
    pub fn open(path: &Path) -> Result<Opened, JournalError> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(|source| io("open", path, source))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|source| io("read", path, source))?;
        let chain = verified(path, &bytes)?;
        if chain.torn > 0 {
            file.set_len(chain.intact)
                .map_err(|source| io("cut", path, source))?;
            file.sync_all().map_err(|source| io("sync", path, source))?;
        }
        let seq = chain.records.len() as u64;
        let head = chain
            .records
            .last()
            .map_or(Digest::ZERO, |record| record.digest);
        let journal = Self {
            path: path.to_owned(),
            file,
            seq,
            head,
            closed: false,
        };
        Ok(Opened {
            journal,
            records: chain.records,
            cut: chain.torn,
        })
    }

    /// The digest of the last record.
    #[must_use]
    pub fn head(&self) -> Digest {
        self.head
    }
}

impl Journal for FileJournal {
    fn append(
        &mut self,
        at: Timestamp,
        event: Event,
        durability: Durability,
    ) -> Result<Record, JournalError> {
        if self.closed {
            return Err(JournalError::Closed {
                path: self.path.clone(),
            });
        }
        let aside = large::put_aside(&values(&self.path), &event)?;
        let (seq, head) = (self.seq + 1, self.head);
        let (record, line) = match aside {
            None => chain::seal(seq, head, at, event),
            Some(written) => {
                let (record, line) = chain::seal(seq, head, at, written);
                (Record { event, ..record }, line)
            }
        };
        // Closed while the outcome is unknown, so that an early return leaves it closed.
        self.closed = true;
        self.file
            .write_all(&line)
            .map_err(|source| io("append to", &self.path, source))?;
        if durability == Durability::Synced {
            self.file
                .sync_data()
                .map_err(|source| io("sync", &self.path, source))?;
        }
        self.closed = false;
        self.seq += 1;
        self.head = record.digest;
        Ok(record)
    }
}

/// Where the values are that are too large for a line.
fn values(journal: &Path) -> PathBuf {
    journal.with_file_name("values")
}

/// The records in `bytes`, whole, with the values that are kept beside the journal.
fn verified(path: &Path, bytes: &[u8]) -> Result<chain::Chain, JournalError> {
    let mut chain = chain::verify(bytes).map_err(|(line, damage)| JournalError::Damaged {
        path: path.to_owned(),
        line,
        damage,
    })?;
    let values = values(path);
    chain
        .records
        .iter_mut()
        .try_for_each(|record| large::bring_back(&values, &mut record.event))?;
    Ok(chain)
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> JournalError {
    JournalError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
