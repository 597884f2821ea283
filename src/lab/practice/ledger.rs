//! What was started, written down the moment it was, so that a cluster that came up half-way can be taken down as well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{PracticeError, Process, files};

/// The file's name in the cluster's directory; it also marks the directory as ours to remove.
pub(super) const LEDGER: &str = "processes.json";

/// What belongs to a practice cluster outside its directory's files.
///
/// Nodes are not in it: an upgrade replaces their processes, so they are found by their prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// The directory of PostgreSQL's socket.
    pub(super) socket: PathBuf,
    /// The processes that live as long as the cluster, by name.
    pub(super) processes: BTreeMap<String, Process>,
}

impl Ledger {
    /// The ledger of the cluster in `directory`.
    pub(super) fn open(directory: &Path) -> Result<Self, PracticeError> {
        let path = directory.join(LEDGER);
        if !path.exists() {
            return Err(PracticeError::NotThere {
                directory: directory.to_owned(),
            });
        }
        files::read_json(&path)
    }

    /// Writes the ledger into `directory`.
    pub(super) fn save(&self, directory: &Path) -> Result<(), PracticeError> {
        files::write_json(&directory.join(LEDGER), self)
    }
}
