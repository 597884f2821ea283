//! What was written into a database since some moment, as plain data: counts per table, and row keys up to a limit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BackupFacts;

/// How many row keys of a table are named.
pub const NAMED_KEYS: usize = 20;

/// A baseline: what a database held at one moment, kept by cutover to compare later moments with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineFacts {
    /// Its name, a file in the storage.
    pub name: String,
    /// The digest of that file.
    pub digest: String,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// What a database is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// A backup: its manifest counts rows and sums them, so changed rows are not told apart.
    Backup(BackupFacts),
    /// A baseline: rows are told apart, except in very large tables.
    Baseline(BaselineFacts),
}

/// What was written, table by table; tables without a difference are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writes {
    /// Configuration: what people wrote.
    pub configuration: Vec<TableWrites>,
    /// What client requests wrote: tokens, sessions, counters.
    pub traffic: Vec<TableWrites>,
}

/// What was written into one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableWrites {
    /// The table.
    pub table: String,
    /// Its rows before.
    pub before: u64,
    /// Its rows now.
    pub after: u64,
    /// Row by row, where that is known.
    pub rows: Option<RowWrites>,
}

/// The rows that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowWrites {
    /// How many are new.
    pub added: u64,
    /// How many hold something else.
    pub changed: u64,
    /// How many are gone.
    pub removed: u64,
    /// The keys of the first of them: `+` new, `~` changed, `-` gone.
    pub keys: Vec<String>,
}
