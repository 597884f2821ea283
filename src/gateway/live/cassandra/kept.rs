//! A backup on disk: its manifest, with when it was taken and what the Cassandra held then.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::copy::bytes;
use crate::gateway::live::private_file;
use crate::gateway::{BackupFacts, ContentDigest, Failure};
use crate::host::cassandra::backup::Manifest;

/// The file of a backup that appears last.
const FILE: &str = "manifest.json";

/// What a backup's manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// When its snapshots were begun.
    pub(super) taken_at: Timestamp,
    /// What the Cassandra held before and after.
    pub(super) content: ContentDigest,
    /// Every file of it.
    pub(super) cassandra: Manifest,
}

impl Kept {
    /// Reads the manifest in `path`, and answers its digest too.
    pub(super) fn read(path: &Path) -> Result<(Self, String), Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            let message = format!("cannot read the manifest in `{}`: {error}", path.display());
            Failure::new("database.backup.manifest", message)
        };
        let text = std::fs::read(path.join(FILE)).map_err(|error| unreadable(&error))?;
        let kept = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
        Ok((kept, hex::encode(Sha256::digest(&text))))
    }

    /// The same of a backup that is known by its digest.
    pub(super) fn of(path: &Path, backup: &BackupFacts) -> Result<Self, Failure> {
        let (kept, digest) = Self::read(path)?;
        if digest == backup.manifest {
            return Ok(kept);
        }
        let message = format!(
            "the manifest in `{}` is not the one of this backup",
            path.display()
        );
        Err(Failure::new("database.backup.damaged", message))
    }

    /// Writes the manifest: with it, the backup is whole.
    pub(super) fn write(&self, path: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string(self).expect("a manifest has only names for keys");
        private_file::write(&path.join(FILE), text)
    }
}

/// What a backup in `path` is to those who ask.
pub(super) fn facts(path: &Path, milliseconds: u64) -> Result<BackupFacts, Failure> {
    let (kept, manifest) = Kept::read(path)?;
    let name = path.file_name();
    Ok(BackupFacts {
        name: name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        manifest,
        taken_at: kept.taken_at,
        content: kept.content,
        rows: kept.cassandra.rows.values().sum(),
        bytes: bytes(&kept.cassandra),
        milliseconds,
    })
}
