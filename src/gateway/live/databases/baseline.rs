//! Baselines on disk: a private file in the storage, named by run and step, believed by its digest alone.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::gateway::live::Live;
use crate::gateway::live::postgres::{self, Baseline, Manifest, PostgresError};
use crate::gateway::{BaselineFacts, Failure, Since, Writes};

/// How long production may wait for either: a list of writes is good to have, and not worth an outage.
const PATIENCE: Duration = Duration::from_mins(1);

impl Live {
    /// Takes the baseline of this step and keeps it.
    pub(super) async fn keep_baseline(&self, database: &str) -> Result<BaselineFacts, Failure> {
        let baseline = in_time(postgres::baseline(&*self.database(database)?)).await?;
        let name = format!("{database}-{}-{}.json", self.run, self.step.get());
        let text = serde_json::to_vec(&baseline).expect("a baseline has string keys only");
        let path = self.baselines().join(&name);
        write(&path, &text).map_err(|error| unusable(&path, &error))?;
        Ok(BaselineFacts {
            name,
            digest: hex::encode(Sha256::digest(&text)),
            taken_at: baseline.taken_at,
        })
    }

    /// Compares a database with what it held.
    pub(super) async fn compare_since(
        &self,
        database: &str,
        since: &Since,
    ) -> Result<Writes, Failure> {
        let (digest, rows) = match since {
            Since::Baseline(facts) => {
                let path = self.baselines().join(&facts.name);
                let baseline: Baseline = read(&path, &facts.digest)?;
                (baseline.digest, baseline.rows)
            }
            Since::Backup(facts) => {
                let path = self.backups()?.join(&facts.name).join("manifest.json");
                let manifest: Manifest = read(&path, &facts.manifest)?;
                (manifest.database_digest(), BTreeMap::new())
            }
        };
        in_time(postgres::writes(&*self.database(database)?, &digest, &rows)).await
    }

    fn baselines(&self) -> PathBuf {
        self.environment.storage.path.join("baselines")
    }
}

/// What `looking` finds, unless it takes too long.
async fn in_time<T>(looking: impl Future<Output = Result<T, PostgresError>>) -> Result<T, Failure> {
    let Ok(found) = tokio::time::timeout(PATIENCE, looking).await else {
        let message = format!(
            "reading the tables takes longer than {} s",
            PATIENCE.as_secs()
        );
        return Err(Failure::new("database.slow", message));
    };
    Ok(found?)
}

/// Writes a private file whole, replacing what an attempt that was killed left.
fn write(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().expect("it is in the storage");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Reads a file that must still be what its digest says.
fn read<T: serde::de::DeserializeOwned>(path: &Path, digest: &str) -> Result<T, Failure> {
    let text = std::fs::read(path).map_err(|error| unusable(path, &error))?;
    if hex::encode(Sha256::digest(&text)) != digest {
        let message = format!("`{}` is not what was written there", path.display());
        return Err(Failure::new("storage.changed", message));
    }
    serde_json::from_slice(&text).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "storage.unusable",
        format!("cannot use `{}`: {error}", path.display()),
    )
}
