//! What a backup says about itself: written last, so that a directory without a manifest is no backup.
//!
//! The digest of the manifest's bytes names the backup; every file's checksum stands in it. It holds no secrets, but the dump beside
//! it does.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::catalog::Description;
use super::class::Class;
use super::digest::{DatabaseDigest, TableDigest};
use super::error::PostgresError;
use super::identity::Identity;

/// The version of the manifest's format that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

/// The manifest's name in the backup's directory.
pub(super) const MANIFEST: &str = "manifest.json";

/// The dump's name in the backup's directory.
pub(super) const DUMP: &str = "dump";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// When the snapshot was taken, by our clock.
    pub taken_at: Timestamp,
    /// The server's version.
    pub server_version: String,
    /// `pg_dump`'s version.
    pub tool_version: String,
    /// Which database it was.
    pub identity: Identity,
    /// What belongs to the database beside its content.
    pub database: Description,
    /// The schema of Kong's tables.
    pub kong_schema: String,
    /// SHA-256 over all configuration tables, hexadecimal.
    pub configuration: String,
    /// Every table.
    pub tables: Vec<TableEntry>,
    /// The rows of Kong's `schema_meta`, as JSON objects; empty where there is no such table.
    pub schema_meta: Vec<serde_json::Value>,
    /// Every file of the dump.
    pub files: Vec<FileEntry>,
}

/// A table in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it holds; absent where its rows were left out.
    pub digest: Option<TableDigest>,
}

/// A file in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its path in the backup's directory.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The digest of the database as it was dumped.
    #[must_use]
    pub fn database_digest(&self) -> DatabaseDigest {
        let tables: BTreeMap<String, TableDigest> = self
            .tables
            .iter()
            .filter_map(|table| {
                let digest = table.digest.clone()?;
                Some((format!("{}.{}", table.schema, table.name), digest))
            })
            .collect();
        DatabaseDigest {
            tables,
            configuration: self.configuration.clone(),
        }
    }

    /// Rows of one class.
    #[must_use]
    pub fn rows(&self, class: Class) -> u64 {
        let digests = self.tables.iter().filter_map(|table| table.digest.as_ref());
        digests
            .filter(|digest| digest.class == class)
            .map(|digest| digest.rows)
            .sum()
    }

    /// Writes the manifest under its final name in one step, and returns its digest.
    pub(super) fn write(&self, directory: &Path) -> Result<String, PostgresError> {
        let mut text = serde_json::to_vec_pretty(self).expect("a manifest has string keys only");
        text.push(b'\n');
        let partial = directory.join("manifest.partial");
        let path = directory.join(MANIFEST);
        let write = || -> io::Result<()> {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&partial)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&partial, &path)?;
            // The new name is durable only with its directory.
            File::open(directory)?.sync_all()
        };
        write().map_err(PostgresError::file(&path))?;
        Ok(hex::encode(Sha256::digest(&text)))
    }
}

/// The SHA-256 of a file and how many bytes it has, streamed.
pub(super) fn checksum(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((hex::encode(hash.finalize()), bytes));
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
}
