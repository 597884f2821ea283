//! The machine that cutover runs on, and what the environment file refers to.

use jiff::Timestamp;

use crate::kong::advisories::Known;

/// What a preflight knows of this machine.
#[derive(Debug, Clone, Default)]
pub struct PlaceFacts {
    /// Where runs and backups are kept.
    pub storage: StorageFacts,
    /// The secrets that the environment file refers to, by the place where it does.
    pub secrets: Known<Vec<Tried>>,
    /// The Redis servers that it names.
    pub redis: Known<Vec<Tried>>,
    /// The certificates with which connections of ours are made.
    pub certificates: Known<Vec<Dated>>,
}

/// The storage.
#[derive(Debug, Clone, Default)]
pub struct StorageFacts {
    /// Its path.
    pub path: String,
    /// How it is kept; `None` where it is still to be made.
    pub kept: Known<Option<Kept>>,
    /// Whether what is written there is gone with the machine's power.
    pub is_volatile: Known<bool>,
    /// How many files can still be made there; `None` where the file system does not count them.
    pub free_files: Known<Option<u64>>,
}

/// How a directory is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its permission bits.
    pub mode: u32,
    /// Whether it belongs to us.
    pub is_ours: bool,
}

/// Something that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What it is.
    pub name: String,
    /// Why it failed, if it did.
    pub trouble: Option<String>,
}

/// A certificate with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// What it is called: its file, or its id.
    pub name: String,
    /// Until when it is valid.
    pub ends: Timestamp,
}
