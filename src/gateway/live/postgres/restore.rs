//! Restoring a backup into a new database beside the live one, and proving that it holds what was dumped.
//!
//! A dump is SQL that we execute, so only one whose manifest the caller already knows is restored, and as the owner of the tables,
//! never as a superuser.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::catalog::{Description, describe};
use super::class::EPHEMERAL;
use super::digest::{DigestOptions, digest};
use super::error::PostgresError;
use super::facts::server_version;
use super::manifest::{DUMP, Manifest};
use super::mark;
use super::quote::qualified;
use super::session::{Role, connect};
use super::starts::Starts;
use super::tools::Tools;
use super::verify::{Expectation, checksums};
use crate::environment::Database;

/// A restore to do.
#[derive(Debug, Clone)]
pub struct RestoreRequest {
    /// The backup's directory.
    pub backup: PathBuf,
    /// The manifest's digest, as the caller recorded it when the backup was taken.
    pub manifest_digest: String,
    /// The name of the database to make.
    pub name: String,
    /// The run that makes it, for the mark.
    pub run: String,
    /// How many tables are restored at once; one means a single transaction.
    pub jobs: u32,
    /// When it is given up.
    pub deadline: Duration,
    /// Who writes down the client tools that it starts.
    pub starts: Starts,
}

/// A database that was restored and holds what was dumped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Its name.
    pub database: String,
    /// SHA-256 over its configuration tables, equal to the backup's.
    pub configuration: String,
    /// Its rows, before the ephemeral tables were emptied.
    pub rows: u64,
    /// What of grants and settings could not be copied, as the server said it.
    pub not_copied: Vec<String>,
    /// How long it took.
    pub duration: Duration,
}

/// Restores a backup into a new database on the server of `target` and makes it ready to go live.
///
/// It can be repeated: what an earlier attempt of the same run left behind is dropped first.
pub async fn restore_beside(
    target: &Database,
    request: &RestoreRequest,
) -> Result<Restored, PostgresError> {
    restore_with(target, request, Grants::Keep).await
}

/// The same on a scratch server, where the roles of the grants need not exist.
pub async fn restore_for_scratch(
    target: &Database,
    request: &RestoreRequest,
) -> Result<Restored, PostgresError> {
    restore_with(target, request, Grants::LeaveOut).await
}

async fn restore_with(
    target: &Database,
    request: &RestoreRequest,
    grants: Grants,
) -> Result<Restored, PostgresError> {
    let begin = Instant::now();
    let expectation = Expectation::Manifest(request.manifest_digest.clone());
    let manifest = checksums(&request.backup, &expectation)?;
    let (rows, configuration) = load(target, request, &manifest, grants).await?;
    let not_copied = finish(target, &request.name, &manifest).await?;
    Ok(Restored {
        database: request.name.clone(),
        configuration,
        rows,
        not_copied,
        duration: begin.elapsed(),
    })
}

/// What happens to the grants inside a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grants {
    /// They are restored: the database is to go live.
    Keep,
    /// They are left out: on a scratch server their roles need not exist.
    LeaveOut,
}

/// Restores the dump into a new database and compares digests; returns rows and the configuration's digest.
pub(super) async fn load(
    target: &Database,
    request: &RestoreRequest,
    manifest: &Manifest,
    grants: Grants,
) -> Result<(u64, String), PostgresError> {
    let admin = connect(target, Role::Admin, None)
        .await?
        .without_limits()
        .await?;
    let (_, server_major) = server_version(&admin).await?;
    let tools = Tools::find("pg_restore", server_major, &request.starts)?;
    mark::create(
        &admin,
        &request.name,
        &target.user,
        &manifest.database,
        "template0",
        &request.run,
    )
    .await?;
    admin.close().await;
    let surroundings = tools
        .connected(target, Role::Owner, Some(&request.name))
        .await?;
    tools
        .run(
            "pg_restore",
            arguments(request, grants),
            &surroundings,
            request.deadline,
        )
        .await?;
    let mut as_restored = target.clone();
    as_restored.schema.clone_from(&manifest.kong_schema);
    let restored = digest(&as_restored, Some(&request.name), &DigestOptions::default()).await?;
    let differences = manifest.database_digest().differences(&restored);
    if differences.is_empty() {
        return Ok((restored.rows(), restored.configuration));
    }
    Err(PostgresError::Differs {
        database: request.name.clone(),
        differences,
    })
}

fn arguments(request: &RestoreRequest, grants: Grants) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "--format=directory".into(),
        format!("--dbname={}", connection_name(&request.name)).into(),
        "--exit-on-error".into(),
        "--no-owner".into(),
        "--no-publications".into(),
        "--no-subscriptions".into(),
        "--no-password".into(),
    ];
    if request.jobs > 1 {
        arguments.push(format!("--jobs={}", request.jobs).into());
    } else {
        arguments.push("--single-transaction".into());
    }
    if grants == Grants::LeaveOut {
        arguments.push("--no-privileges".into());
    }
    arguments.push(request.backup.join(DUMP).into());
    arguments
}

/// `name` as libpq wants it: plain it could be taken for a whole connection string.
fn connection_name(name: &str) -> String {
    format!(
        "dbname='{}'",
        name.replace('\\', "\\\\").replace('\'', "\\'")
    )
}

/// Empties what speaks of nodes as they were, gathers statistics, and copies what a dump does not carry.
async fn finish(
    target: &Database,
    name: &str,
    manifest: &Manifest,
) -> Result<Vec<String>, PostgresError> {
    let owner = connect(target, Role::Owner, Some(name))
        .await?
        .without_limits()
        .await?;
    for table in &manifest.tables {
        if table.schema == manifest.kong_schema && EPHEMERAL.contains(&table.name.as_str()) {
            owner
                .batch_execute(&format!(
                    "DELETE FROM {}",
                    qualified(&table.schema, &table.name)
                ))
                .await
                .map_err(PostgresError::query(format!("empty `{}`", table.name)))?;
        }
    }
    owner
        .batch_execute("ANALYZE")
        .await
        .map_err(PostgresError::query("gather statistics"))?;
    owner.close().await;
    let admin = connect(target, Role::Admin, None).await?;
    // The live database knows better than the backup what was granted and set since.
    let live = describe(&admin, &target.database).await?;
    let source: &Description = live
        .as_ref()
        .filter(|live| live.name == manifest.database.name)
        .unwrap_or(&manifest.database);
    let mut not_copied = Vec::new();
    for statement in source.statements(name) {
        if let Err(error) = admin.batch_execute(&statement).await {
            not_copied.push(PostgresError::query(statement)(error).to_string());
        }
    }
    admin.close().await;
    Ok(not_copied)
}

/// Where a backup's dump is.
pub(super) fn dump(backup: &Path) -> PathBuf {
    backup.join(DUMP)
}
