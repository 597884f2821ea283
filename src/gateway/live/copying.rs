//! Copying one moment of a database: a dump that nobody keeps, restored as another database and proven.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::postgres::{self, Backup, BackupRequest, RestoreRequest, Restored};
use super::{Live, databases};
use crate::environment::Database;
use crate::gateway::{ContentDigest, Failure};

/// What a copy is to become.
#[derive(Debug, Clone, Copy)]
pub(super) enum Becomes {
    /// The database of the other side, with the grants of the original.
    Live,
    /// One that is looked at and dropped.
    Scratch,
}

/// A moment of a database that was copied.
pub(super) struct Moment {
    pub(super) taken: Backup,
    pub(super) restored: Restored,
    pub(super) content: ContentDigest,
}

impl Live {
    /// Dumps one moment of a database and restores it as the database `target`.
    pub(super) async fn copy_moment(
        &self,
        source: &Database,
        target: &Database,
        becomes: Becomes,
    ) -> Result<Moment, Failure> {
        let dump = Dump::at(self.dump_for_copy()?)?;
        let request = BackupRequest {
            path: dump.path.clone(),
            jobs: databases::JOBS,
            lock_wait: Duration::from_secs(30),
            deadline: databases::LONG_WORK,
            starts: self.starts_of_tools().await,
        };
        self.report.progress("dumping one moment of the database");
        let taken = postgres::backup(source, &request, |_| ());
        let taken = self.telling_who_blocks("the dump", source, taken).await?;
        let content = databases::found(&dump.path, &source.schema)?.content;
        let restore = RestoreRequest {
            backup: dump.path.clone(),
            manifest_digest: taken.manifest_digest.clone(),
            name: target.database.clone(),
            run: self.run.clone(),
            jobs: databases::JOBS,
            deadline: databases::LONG_WORK,
            starts: self.starts_of_tools().await,
        };
        self.report
            .progress(&format!("restoring {} rows into the copy", taken.rows));
        let restored = match becomes {
            Becomes::Live => postgres::restore_beside(target, &restore).await?,
            Becomes::Scratch => postgres::restore_for_scratch(target, &restore).await?,
        };
        Ok(Moment {
            taken,
            restored,
            content,
        })
    }

    /// Where the dump for the copy of this step is written: its own directory, which a killed attempt may have left.
    fn dump_for_copy(&self) -> Result<PathBuf, Failure> {
        Ok(self
            .backups()?
            .join(format!("{}{}", self.dumps(), self.step.get())))
    }

    /// How the names of the dumps of this run begin, before the number of the step.
    fn dumps(&self) -> String {
        format!("copy-{}-", self.run)
    }

    /// Removes the dumps that killed attempts of this run left.
    pub(super) fn remove_dumps(&self) -> Result<(), Failure> {
        let (backups, dumps) = (self.backups()?, self.dumps());
        let unusable = |path: &Path, error: &std::io::Error| {
            let message = format!(
                "cannot remove what a killed attempt left in `{}`: {error}",
                path.display()
            );
            Failure::new("storage.unusable", message)
        };
        let entries = std::fs::read_dir(&backups).map_err(|error| unusable(&backups, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unusable(&backups, &error))?;
            let name = entry.file_name();
            let step = name.to_str().and_then(|name| name.strip_prefix(&dumps));
            // Another run's name may go on where this one's ends.
            if step.is_some_and(|step| step.bytes().all(|byte| byte.is_ascii_digit())) {
                remove(&entry.path()).map_err(|error| unusable(&entry.path(), &error))?;
            }
        }
        Ok(())
    }
}

/// A dump that is there while a copy is made of it: it holds secrets, and is no backup that anybody keeps.
struct Dump {
    path: PathBuf,
}

impl Dump {
    /// Takes the place of what a killed attempt left.
    fn at(path: PathBuf) -> Result<Self, Failure> {
        remove(&path).map_err(|error| {
            let message = format!(
                "cannot remove `{}`, which a killed attempt left: {error}",
                path.display()
            );
            Failure::new("storage.unusable", message)
        })?;
        Ok(Self { path })
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        // What is left is removed by the next attempt.
        let _ = remove(&self.path);
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
