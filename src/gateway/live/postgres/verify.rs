//! Proving a backup, in three tiers: its files are the ones that were written, they decode, they restore to the same content.
//!
//! Each tier includes those before it. What each notices is measured and listed in `docs/backup-damage.md`.

mod damage;

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::backup::list;
use super::error::PostgresError;
use super::manifest::{FORMAT, MANIFEST, Manifest, checksum};
use super::mark::drop_created;
use super::restore::{Grants, RestoreRequest, dump, load};
use super::starts::Starts;
use super::tools::Tools;
use crate::environment::Database;
pub use damage::Damage;

/// How far a proof goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The manifest and every file are as they were written.
    Checksum,
    /// The dump decodes to its end and lists the manifest's tables.
    Decode,
    /// The dump restores into a scratch database with the manifest's digests.
    Restore,
}

/// What the caller knows of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// The digest of its manifest, recorded when it was taken.
    Manifest(String),
    /// Nothing: any backup that agrees with itself passes.
    Any,
}

/// A proof to make.
#[derive(Debug, Clone)]
pub struct VerifyRequest {
    /// The backup's directory.
    pub backup: PathBuf,
    /// What is known of it.
    pub expectation: Expectation,
    /// How far to go.
    pub tier: Tier,
    /// The name of the scratch database to make in the tier `restore`.
    pub scratch_name: String,
    /// Whether the scratch database stays, to be restored from or looked at.
    pub keep: bool,
    /// The run that makes it, for the mark.
    pub run: String,
    /// When each tool is given up.
    pub deadline: Duration,
    /// Who writes down the client tools that it starts.
    pub starts: Starts,
}

/// A proof that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How far it went.
    pub tier: Tier,
    /// The digest of the manifest that was found.
    pub manifest_digest: String,
    /// Files checked.
    pub files: usize,
    /// Bytes checked.
    pub bytes: u64,
    /// The scratch database, where it was kept.
    pub kept: Option<String>,
    /// How long it took.
    pub duration: Duration,
}

/// Proves a backup. `scratch` is where the tier `restore` makes its database; the other tiers connect to nothing.
pub async fn verify(
    scratch: &Database,
    request: &VerifyRequest,
) -> Result<Verified, PostgresError> {
    let begin = Instant::now();
    let manifest = checksums(&request.backup, &request.expectation)?;
    let mut kept = None;
    if request.tier >= Tier::Decode {
        decode(request, &manifest).await?;
    }
    if request.tier >= Tier::Restore {
        kept = restore(scratch, request, &manifest).await?;
    }
    let (manifest_digest, _) =
        checksum(&request.backup.join(MANIFEST)).map_err(PostgresError::file(&request.backup))?;
    Ok(Verified {
        tier: request.tier,
        manifest_digest,
        files: manifest.files.len(),
        bytes: manifest.files.iter().map(|file| file.bytes).sum(),
        kept,
        duration: begin.elapsed(),
    })
}

/// The first tier: reads the manifest and checks every file against it.
pub(super) fn checksums(
    backup: &Path,
    expectation: &Expectation,
) -> Result<Manifest, PostgresError> {
    let damaged = |damage| PostgresError::Damaged {
        path: backup.to_owned(),
        damage,
    };
    let manifest = read_manifest(backup, expectation).map_err(damaged)?;
    let listed: BTreeSet<PathBuf> = manifest
        .files
        .iter()
        .map(|file| backup.join(&file.path))
        .collect();
    let found = list(backup).map_err(PostgresError::file(backup))?;
    private(backup, &found).map_err(damaged)?;
    if let Some(extra) = found
        .iter()
        .find(|path| !listed.contains(*path) && **path != backup.join(MANIFEST))
    {
        return Err(damaged(Damage::Extra(name(backup, extra))));
    }
    for file in &manifest.files {
        let path = backup.join(&file.path);
        if !found.contains(&path) {
            return Err(damaged(Damage::Missing(file.path.clone())));
        }
        let (sha256, bytes) = checksum(&path).map_err(PostgresError::file(&path))?;
        if bytes != file.bytes {
            return Err(damaged(Damage::Size {
                file: file.path.clone(),
                recorded: file.bytes,
                found: bytes,
            }));
        }
        if sha256 != file.sha256 {
            return Err(damaged(Damage::Checksum(file.path.clone())));
        }
    }
    Ok(manifest)
}

/// As much of a manifest as every format has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

fn read_manifest(backup: &Path, expectation: &Expectation) -> Result<Manifest, Damage> {
    let text = match std::fs::read(backup.join(MANIFEST)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Damage::NoManifest),
        Err(error) => return Err(Damage::Manifest(error.to_string())),
    };
    let found = hex::encode(Sha256::digest(&text));
    if let Expectation::Manifest(recorded) = expectation
        && *recorded != found
    {
        return Err(Damage::Foreign {
            recorded: recorded.clone(),
            found,
        });
    }
    // The version is read first: a later format may have other fields, and is not to be called damaged.
    let unreadable = |error: serde_json::Error| Damage::Manifest(error.to_string());
    let version: Version = serde_json::from_slice(&text).map_err(unreadable)?;
    if version.format != FORMAT {
        return Err(Damage::Format(version.format));
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(unreadable)?;
    match manifest.files.iter().find(|file| !is_plain(&file.path)) {
        Some(file) => Err(Damage::Manifest(format!(
            "`{}` leads out of the backup",
            file.path
        ))),
        None => Ok(manifest),
    }
}

/// Whether a path of the manifest stays inside the backup.
fn is_plain(path: &str) -> bool {
    let mut components = Path::new(path).components();
    components.all(|component| matches!(component, std::path::Component::Normal(_)))
}

/// Whether nobody else could read or change the directory and its files.
fn private(backup: &Path, files: &[PathBuf]) -> Result<(), Damage> {
    let directory = dump(backup);
    for path in [backup, &directory]
        .into_iter()
        .chain(files.iter().map(PathBuf::as_path))
    {
        let Ok(metadata) = std::fs::symlink_metadata(path) else {
            return Err(Damage::Missing(name(backup, path)));
        };
        if metadata.file_type().is_symlink() {
            return Err(Damage::Link(name(backup, path)));
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(Damage::Mode {
                file: name(backup, path),
                mode: metadata.mode() & 0o7777,
            });
        }
    }
    Ok(())
}

fn name(backup: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(backup).unwrap_or(path);
    relative.to_string_lossy().into_owned()
}

/// The second tier: the table of contents equals the manifest's tables, and everything decodes.
async fn decode(request: &VerifyRequest, manifest: &Manifest) -> Result<(), PostgresError> {
    let VerifyRequest {
        backup,
        deadline,
        starts,
        ..
    } = request;
    // Any version not older than the one that dumped can read the dump; `0` asks for the oldest that is installed.
    let major = manifest
        .tool_version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    let tools = Tools::find("pg_restore", major.unwrap_or(0), starts)?;
    let surroundings = tools.offline()?;
    let list = tools
        .run_whole(
            "pg_restore",
            vec!["--list".into(), dump(backup).into()],
            &surroundings,
            *deadline,
        )
        .await?;
    let with_rows: Vec<String> = manifest
        .tables
        .iter()
        .filter(|table| table.digest.is_some())
        .map(|table| format!(" TABLE DATA {} {} ", table.schema, table.name))
        .collect();
    let entries: Vec<&str> = list
        .lines()
        .filter(|line| !line.starts_with(';') && line.contains(" TABLE DATA "))
        .collect();
    let absent = with_rows
        .iter()
        .find(|table| !entries.iter().any(|entry| entry.contains(table.as_str())));
    if absent.is_some() || entries.len() != with_rows.len() {
        return Err(PostgresError::Damaged {
            path: backup.clone(),
            damage: Damage::Contents {
                recorded: with_rows.len(),
                found: entries.len(),
                absent: absent.map(|table| table.trim().to_owned()),
            },
        });
    }
    let arguments = vec!["--file=/dev/null".into(), dump(backup).into()];
    tools
        .run("pg_restore", arguments, &surroundings, *deadline)
        .await?;
    Ok(())
}

/// The third tier: restores and compares; what was restored is dropped unless it is to be kept.
async fn restore(
    scratch: &Database,
    request: &VerifyRequest,
    manifest: &Manifest,
) -> Result<Option<String>, PostgresError> {
    let restore = RestoreRequest {
        backup: request.backup.clone(),
        manifest_digest: String::new(),
        name: request.scratch_name.clone(),
        run: request.run.clone(),
        jobs: 1,
        deadline: request.deadline,
        starts: request.starts.clone(),
    };
    let loaded = load(scratch, &restore, manifest, Grants::LeaveOut).await;
    if loaded.is_ok() && request.keep {
        return Ok(Some(request.scratch_name.clone()));
    }
    // The reason of a failed restore is worth more than that of a failed clean-up; the mark lets it be dropped later.
    let dropped = drop_created(scratch, &request.scratch_name, &request.run).await;
    loaded?;
    dropped?;
    Ok(None)
}
