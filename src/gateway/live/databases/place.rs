//! Where backups lie: a directory for each attempt of a step.

use std::path::PathBuf;

use crate::gateway::Failure;
use crate::gateway::live::Live;

impl Live {
    pub(in crate::gateway::live) fn backups_path(&self) -> PathBuf {
        self.environment.storage.path.join("backups")
    }

    /// The directory of backups, made if it is not there.
    pub(in crate::gateway::live) fn backups(&self) -> Result<PathBuf, Failure> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = self.backups_path();
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path);
        made.map_err(|error| {
            Failure::new(
                "storage.unusable",
                format!("cannot make `{}`: {error}", path.display()),
            )
        })?;
        Ok(path)
    }

    /// The backup of the present step. An attempt that was killed keeps its directory: what it started may still write there.
    pub(super) fn backup_path(&self, database: &str, attempt: u32) -> Result<PathBuf, Failure> {
        Ok(self.backups()?.join(format!(
            "{database}-{}-{}-{attempt}",
            self.run,
            self.step.get()
        )))
    }

    /// A backup that is not there yet, and which attempt of the step it is.
    pub(super) fn new_backup(&self, database: &str) -> Result<(PathBuf, u32), Failure> {
        for attempt in 1.. {
            let path = self.backup_path(database, attempt)?;
            if !path.exists() {
                return Ok((path, attempt));
            }
        }
        unreachable!("there are more numbers than directories")
    }

    /// The backup of the present step that is whole, if one is.
    pub(super) fn whole_backup(&self, database: &str) -> Result<Option<PathBuf>, Failure> {
        for attempt in 1.. {
            let path = self.backup_path(database, attempt)?;
            if !path.exists() {
                break;
            }
            if path.join("manifest.json").exists() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}
