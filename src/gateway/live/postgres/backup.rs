//! Taking a backup: a dump and the digests of the very same snapshot, into a directory that is ours alone.
//!
//! Invariant: `manifest.json` appears last and at once, after everything it names is durable. A directory without one is what a killed
//! backup left behind.

mod files;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::catalog::describe;
use super::class::excluded_pattern;
use super::digest::{self, DatabaseDigest};
use super::error::PostgresError;
use super::facts::server_version;
use super::identity::identity;
use super::manifest::{DUMP, FORMAT, FileEntry, Manifest, TableEntry};
use super::quote::qualified;
use super::session::{Role, Session, connect};
use super::starts::Starts;
use super::tools::Tools;
use crate::environment::Database;

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(250);

/// What must stay free while a dump is written: others write to this disk too, and one that is full hurts them first.
const RESERVE: u64 = 64 << 20;

/// A backup to take.
#[derive(Debug, Clone)]
pub struct BackupRequest {
    /// The directory to make; it must not exist, its parent must.
    pub path: PathBuf,
    /// How many tables are dumped at once.
    pub jobs: u32,
    /// How long a dump may wait for a table that somebody holds locked.
    pub lock_wait: Duration,
    /// When it is given up.
    pub deadline: Duration,
    /// Who writes down the client tools that it starts.
    pub starts: Starts,
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its directory.
    pub path: PathBuf,
    /// SHA-256 of its manifest, by which it is named from now on.
    pub manifest_digest: String,
    /// When its snapshot was taken, by our clock.
    pub taken_at: Timestamp,
    /// SHA-256 over the configuration tables.
    pub configuration: String,
    /// Rows in all tables.
    pub rows: u64,
    /// Bytes of all files of the dump.
    pub bytes: u64,
    /// How long it took.
    pub duration: Duration,
}

/// How far a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes written so far.
    pub bytes: u64,
    /// Rows whose hashes are in the digests so far.
    pub rows: u64,
}

/// Backs `database` up as its owner. `progress` is called a few times a second. What fails leaves nothing behind: half a backup takes
/// the room that may have been what it lacked.
pub async fn backup(
    database: &Database,
    request: &BackupRequest,
    progress: impl Fn(Progress),
) -> Result<Backup, PostgresError> {
    let is_foreign = request.path.exists();
    let taken = take(database, request, progress).await;
    taken.map_err(|source| {
        if is_foreign || !request.path.exists() {
            return source;
        }
        PostgresError::Unfinished {
            removed: std::fs::remove_dir_all(&request.path).is_ok(),
            path: request.path.clone(),
            source: Box::new(source),
        }
    })
}

async fn take(
    database: &Database,
    request: &BackupRequest,
    progress: impl Fn(Progress),
) -> Result<Backup, PostgresError> {
    let begin = Instant::now();
    let session = connect(database, Role::Owner, None)
        .await?
        .without_limits()
        .await?;
    let (server_version, server_major) = server_version(&session).await?;
    let tools = Tools::find("pg_dump", server_major, &request.starts)?;
    let tool_version = tools.version("pg_dump").await?;
    let description = describe(&session, &database.database)
        .await?
        .ok_or_else(|| PostgresError::Missing {
            database: database.database.clone(),
        })?;
    files::create(&request.path, description.bytes.unwrap_or(0))?;
    let identity = identity(&session).await?;
    let snapshot = open_snapshot(&session).await?;
    let taken_at = Timestamp::now();
    let surroundings = tools.connected(database, Role::Owner, None).await?;
    let rows = Cell::new(0);
    let watching = async {
        loop {
            tokio::time::sleep(TICK).await;
            if let Err(full) = files::require_room(&request.path, RESERVE) {
                return full;
            }
            progress(Progress {
                bytes: files::size(&request.path),
                rows: rows.get(),
            });
        }
    };
    // The digests are read while the dump runs, in the session that holds the snapshot: the dump is mostly compression, the digests
    // mostly the server's work. The first error drops the other, which kills the dump.
    let both = async {
        tokio::try_join!(
            tools.run(
                "pg_dump",
                arguments(database, request, &snapshot),
                &surroundings,
                request.deadline
            ),
            read_content(&session, &database.schema, &rows)
        )
    };
    let content = tokio::select! {
        result = tokio::time::timeout(request.deadline, both) => {
            result.map_err(|_| PostgresError::Deadline {
                doing: "backing up",
                limit: request.deadline,
            })??
            .1
        }
        full = watching => return Err(full),
    };
    session.close().await;
    let files = files::seal(&request.path)?;
    let bytes = files.iter().map(|file| file.bytes).sum();
    let manifest = Manifest {
        format: FORMAT,
        taken_at,
        server_version,
        tool_version,
        identity,
        database: description,
        kong_schema: database.schema.clone(),
        configuration: content.digest.configuration.clone(),
        tables: content.tables,
        schema_meta: content.schema_meta,
        files,
    };
    let manifest_digest = manifest.write(&request.path)?;
    Ok(Backup {
        path: request.path.clone(),
        manifest_digest,
        taken_at,
        configuration: manifest.configuration,
        rows: content.digest.rows(),
        bytes,
        duration: begin.elapsed(),
    })
}

async fn open_snapshot(session: &Session) -> Result<String, PostgresError> {
    let failed = || PostgresError::query("open a snapshot");
    session
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(failed())?;
    let row = session
        .query_one("SELECT pg_export_snapshot()", &[])
        .await
        .map_err(failed())?;
    Ok(row.get(0))
}

fn arguments(database: &Database, request: &BackupRequest, snapshot: &str) -> Vec<OsString> {
    let mut file = OsString::from("--file=");
    file.push(request.path.join(DUMP));
    vec![
        "--format=directory".into(),
        file,
        format!("--jobs={}", request.jobs.max(1)).into(),
        format!("--snapshot={snapshot}").into(),
        format!("--lock-wait-timeout={}", request.lock_wait.as_millis()).into(),
        format!(
            "--exclude-table-data={}",
            excluded_pattern(&database.schema)
        )
        .into(),
        "--no-publications".into(),
        "--no-subscriptions".into(),
        "--no-password".into(),
    ]
}

struct Content {
    digest: DatabaseDigest,
    tables: Vec<TableEntry>,
    schema_meta: Vec<serde_json::Value>,
}

async fn read_content(
    session: &Session,
    kong_schema: &str,
    rows: &Cell<u64>,
) -> Result<Content, PostgresError> {
    let schema_meta = schema_meta(session, kong_schema).await?;
    let digest = digest::read(session, kong_schema, &BTreeSet::new(), |more| {
        rows.set(rows.get() + more);
    })
    .await?;
    let tables = digest::tables(session)
        .await?
        .into_iter()
        .map(|table| TableEntry {
            digest: digest
                .tables
                .get(&format!("{}.{}", table.schema, table.name))
                .cloned(),
            schema: table.schema,
            name: table.name,
        })
        .collect();
    Ok(Content {
        digest,
        tables,
        schema_meta,
    })
}

async fn schema_meta(
    session: &Session,
    schema: &str,
) -> Result<Vec<serde_json::Value>, PostgresError> {
    let failed = || PostgresError::query("read `schema_meta`");
    let table = qualified(schema, "schema_meta");
    let exists: bool = session
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
        .await
        .map_err(failed())?
        .get(0);
    if !exists {
        return Ok(Vec::new());
    }
    let rows = session
        .query(
            &format!(
                "SELECT to_jsonb(t) FROM {table} AS t ORDER BY to_jsonb(t)::text COLLATE \"C\""
            ),
            &[],
        )
        .await
        .map_err(failed())?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Every file below `path`, sorted, as seen by the proofs too.
pub(super) fn list(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    files::list(path)
}

/// The entry of one file of the backup in `directory`.
fn entry(directory: &Path, path: &Path) -> std::io::Result<FileEntry> {
    let (sha256, bytes) = super::manifest::checksum(path)?;
    let relative = path
        .strip_prefix(directory)
        .expect("the file was listed below the directory");
    Ok(FileEntry {
        path: relative.to_string_lossy().into_owned(),
        bytes,
        sha256,
    })
}
