//! The mark of a restore that has begun to empty tables, in the storage: until it is gone, what the Cassandra holds is a part, and the
//! snapshot that the mark names is all there is of what was there before.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Cluster;
use crate::gateway::Failure;
use crate::gateway::live::private_file;
use crate::host::cassandra::Tag;

/// A restore that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Restoring {
    /// The backup, by its name.
    pub(super) backup: String,
    /// The snapshot that keeps what was there before; none where there were no tables.
    pub(super) before: Option<Tag>,
}

impl Cluster<'_> {
    /// The restore that is under way, if one is.
    pub(super) fn restoring(&self) -> Result<Option<Restoring>, Failure> {
        let path = self.mark();
        let unreadable = |error: &dyn std::fmt::Display| {
            let message = format!("cannot read `{}`: {error}", path.display());
            Failure::new("storage.unusable", message)
        };
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(&error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// Refuses what would take a part for the whole.
    pub(super) fn refuse_restoring(&self) -> Result<(), Failure> {
        let Some(restoring) = self.restoring()? else {
            return Ok(());
        };
        let before = restoring
            .before
            .map(|tag| format!("; what was there before is in the snapshot `{tag}` on every node"));
        let message = format!(
            "a restore of the Cassandra `{}` from the backup `{}` was cut off: it holds a part{}",
            self.name,
            restoring.backup,
            before.unwrap_or_default()
        );
        Err(Failure::new("database.closed", message)
            .hint("restore it again, from this backup or another: `database::restore`"))
    }

    pub(super) fn begin_restoring(&self, restoring: &Restoring) -> Result<(), Failure> {
        let text = serde_json::to_string(&Some(restoring)).expect("plain data");
        private_file::write(&self.mark(), text).map_err(|error| self.unkept(&error))
    }

    pub(super) fn end_restoring(&self) -> Result<(), Failure> {
        std::fs::remove_file(self.mark()).map_err(|error| self.unkept(&error))
    }

    fn mark(&self) -> PathBuf {
        let storage = &self.live.environment.storage.path;
        storage
            .join("cassandra")
            .join(format!("{}.restoring", self.name))
    }
}
