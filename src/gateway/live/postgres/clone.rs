//! A copy of a database for a proof: on a scratch server, or beside the original.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backup::{BackupRequest, backup};
use super::catalog::describe;
use super::error::PostgresError;
use super::mark;
use super::restore::{Grants, RestoreRequest, Restored, restore_with};
use super::session::{Role, connect};
use super::session_list::sessions;
use super::starts::Starts;
use crate::environment::Database;

/// How the copy is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copying {
    /// By a dump of one snapshot and a restore, through this directory, which must not exist and is removed afterwards. The original
    /// goes on working.
    Snapshot {
        /// The directory for the dump.
        directory: PathBuf,
    },
    /// By TEMPLATE, on the original's own server. New sessions on the original wait for the whole copy, so this is for a caller who has
    /// stopped every node of it; a session that is there all the same is an error.
    Template,
}

/// A copy to make.
#[derive(Debug, Clone)]
pub struct CloneRequest {
    /// The name of the copy.
    pub name: String,
    /// How it is made.
    pub copying: Copying,
    /// The run that makes it, for the mark.
    pub run: String,
    /// When each tool is given up.
    pub deadline: Duration,
}

/// Copies `source` to the server of `scratch`. The answer is absent for a copy by TEMPLATE, which needs no proof of its own.
pub async fn clone_for_scratch(
    source: &Database,
    scratch: &Database,
    request: &CloneRequest,
) -> Result<Option<Restored>, PostgresError> {
    match &request.copying {
        Copying::Template => copy_as_template(source, request).await.map(|()| None),
        Copying::Snapshot { directory } => {
            // What is there already is not ours, and must not be removed below.
            if directory.exists() {
                let exists = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
                return Err(PostgresError::file(directory)(exists));
            }
            let copied = copy_by_dump(source, scratch, request, directory).await;
            // The dump holds secrets and is not kept, whatever came of it.
            if directory.exists() {
                std::fs::remove_dir_all(directory).map_err(PostgresError::file(directory))?;
            }
            copied.map(Some)
        }
    }
}

async fn copy_by_dump(
    source: &Database,
    scratch: &Database,
    request: &CloneRequest,
    directory: &Path,
) -> Result<Restored, PostgresError> {
    let dump = BackupRequest {
        path: directory.to_owned(),
        jobs: 2,
        lock_wait: Duration::from_secs(10),
        deadline: request.deadline,
        starts: Starts::default(),
    };
    let taken = backup(source, &dump, |_| ()).await?;
    let restore = RestoreRequest {
        backup: taken.path,
        manifest_digest: taken.manifest_digest,
        name: request.name.clone(),
        run: request.run.clone(),
        jobs: 1,
        deadline: request.deadline,
        starts: Starts::default(),
    };
    // On another server the roles of the original's grants need not exist.
    restore_with(scratch, &restore, Grants::LeaveOut).await
}

async fn copy_as_template(source: &Database, request: &CloneRequest) -> Result<(), PostgresError> {
    let admin = connect(source, Role::Admin, None)
        .await?
        .without_limits()
        .await?;
    let connected = sessions(&admin, &source.database).await?;
    if !connected.is_empty() {
        return Err(PostgresError::InUse {
            database: source.database.clone(),
            sessions: connected,
        });
    }
    let like = describe(&admin, &source.database)
        .await?
        .ok_or_else(|| PostgresError::Missing {
            database: source.database.clone(),
        })?;
    mark::create(
        &admin,
        &request.name,
        &like.owner,
        &like,
        &source.database,
        &request.run,
    )
    .await?;
    admin.close().await;
    Ok(())
}
