//! This machine: the storage, and what the environment file refers to.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::environment::{Environment, SecretReference};
use crate::gateway::certificates::of_text;
use crate::gateway::live::redis;
use crate::gateway::live::secret;
use crate::gateway::{Dated, Kept, StorageFacts, Tried};
use crate::kong::advisories::Known;

/// `f_type` of file systems that live in memory: tmpfs and ramfs.
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// How the storage is kept. Asking makes nothing.
pub(super) fn storage(path: &Path) -> StorageFacts {
    let existing = path.ancestors().find(|above| above.exists());
    let existing = existing.unwrap_or(path);
    let unseen =
        |error: &dyn std::fmt::Display| format!("cannot look at `{}`: {error}", existing.display());
    let kept = match std::fs::metadata(path) {
        Ok(found) => Known::Known(Some(Kept {
            mode: found.mode() & 0o7777,
            is_ours: found.uid() == rustix::process::geteuid().as_raw(),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Known::Known(None),
        Err(error) => Known::unknown(unseen(&error.kind())),
    };
    let is_volatile = match rustix::fs::statfs(existing) {
        Ok(found) => {
            Known::Known(u64::try_from(found.f_type).is_ok_and(|kind| IN_MEMORY.contains(&kind)))
        }
        Err(error) => Known::unknown(unseen(&error)),
    };
    let free_files = match rustix::fs::statvfs(existing) {
        Ok(found) => Known::Known((found.f_files > 0).then_some(found.f_favail)),
        Err(error) => Known::unknown(unseen(&error)),
    };
    StorageFacts {
        path: path.display().to_string(),
        kept,
        is_volatile,
        free_files,
    }
}

/// Fetches each secret once, and forgets it.
pub(super) async fn secrets(environment: &Environment) -> Known<Vec<Tried>> {
    let mut tried = Vec::new();
    for (name, reference) in references(environment) {
        let fetched = secret::resolve(reference).await;
        let trouble = fetched.err().map(|error| error.to_string());
        tried.push(Tried { name, trouble });
    }
    Known::Known(tried)
}

/// Every reference, by where it stands in the environment file.
fn references(environment: &Environment) -> Vec<(String, &SecretReference)> {
    let mut found = Vec::new();
    for (name, database) in &environment.databases {
        let admin = database
            .admin
            .as_ref()
            .and_then(|admin| admin.password.as_ref());
        found.push((
            format!("databases.{name}.password"),
            database.password.as_ref(),
        ));
        found.push((format!("databases.{name}.admin.password"), admin));
    }
    for (name, redis) in &environment.redis {
        found.push((format!("redis.{name}.password"), redis.password.as_ref()));
    }
    for (name, cluster) in &environment.clusters {
        found.push((
            format!("clusters.{name}.admin_token"),
            cluster.admin_token.as_ref(),
        ));
    }
    for (name, traffic) in &environment.traffic {
        found.push((
            format!("traffic.{name}.admin_token"),
            traffic.admin_token.as_ref(),
        ));
    }
    let there = found.into_iter();
    there
        .filter_map(|(name, reference)| Some((name, reference?)))
        .collect()
}

/// Asks each Redis who it is.
pub(super) async fn redis(environment: &Environment) -> Known<Vec<Tried>> {
    let mut tried = Vec::new();
    for (name, settings) in &environment.redis {
        let answered = redis::answers(name, settings).await;
        tried.push(Tried {
            name: name.clone(),
            trouble: answered.err().map(|error| error.to_string()),
        });
    }
    Known::Known(tried)
}

/// The certificates with which we connect; unknown if one of them cannot be read.
pub(super) fn certificates(environment: &Environment) -> Known<Vec<Dated>> {
    let databases = environment.databases.values();
    let files = databases.flat_map(|database| [&database.ca, &database.certificate]);
    let files = files.chain(environment.redis.values().map(|redis| &redis.ca));
    let mut files: Vec<&PathBuf> = files.flatten().collect();
    files.sort();
    files.dedup();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read `{}`: {}", path.display(), error.kind()))?;
        let found = of_text(path.display().to_string(), &text)?;
        let ends = found
            .ends
            .ok_or_else(|| format!("`{}` has no end", path.display()))?;
        Ok::<Dated, String>(Dated {
            name: found.name,
            ends,
        })
    };
    let all: Result<_, String> = files.into_iter().map(read).collect();
    all.map_or_else(Known::unknown, Known::Known)
}
