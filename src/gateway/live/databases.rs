//! The verbs about databases, in terms of [`super::postgres`].

mod baseline;
mod failure;
mod pending;
mod place;
mod sealed;
mod settling;
pub(super) mod space;
mod swapping;

use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::Live;
use super::cassandra;
use super::postgres::{
    self, Backup, BackupRequest, DigestOptions, Expectation, Manifest, PostgresError,
    RestoreRequest, Role, SwapNames, SwapState, Tier, VerifyRequest,
};
use crate::gateway::{
    BackupFacts, BaselineFacts, ContentDigest, DatabaseFacts, Databases, Failure, KongSessions,
    ScratchCopy, ScratchPlace, Since, VerifyTier, WriteDenial, Writes,
};
use crate::kong::changes::VisibleRows;
use crate::kong::migrations::Names;
use crate::kong::rows::Row;

/// When a dump, a proof or a restore is given up.
pub(super) const LONG_WORK: Duration = Duration::from_hours(12);

/// How many tables are dumped or restored at once.
pub(super) const JOBS: u32 = 2;

impl Databases for Live {
    async fn database_facts(&self, database: &str) -> Result<DatabaseFacts, Failure> {
        if let Some(old) = self.cassandra(database)? {
            return Box::pin(old.facts()).await;
        }
        let facts = postgres::facts(&*self.database(database)?).await?;
        let obstacles = facts.strategies.against_swap.iter();
        Ok(DatabaseFacts {
            server_version: facts.server_version,
            bytes: facts.description.bytes.unwrap_or_default(),
            free_bytes: space::free_bytes_to_come(&self.backups_path())?,
            sessions: facts.sessions.len() as u64,
            swap_obstacles: obstacles.map(ToString::to_string).collect(),
        })
    }

    async fn content_digest(&self, database: &str) -> Result<ContentDigest, Failure> {
        if let Some(old) = self.cassandra(database)? {
            return Box::pin(old.content_now()).await;
        }
        let database = &*self.database(database)?;
        let digest = postgres::digest(database, None, &DigestOptions::default()).await?;
        Ok(content(&digest, &database.schema))
    }

    async fn back_up(&self, database: &str) -> Result<BackupFacts, Failure> {
        let (path, attempt) = self.new_backup(database)?;
        if let Some(old) = self.cassandra(database)? {
            return Box::pin(old.back_up(&path, attempt)).await;
        }
        let target = &*self.database(database)?;
        let request = BackupRequest {
            path: path.clone(),
            jobs: JOBS,
            lock_wait: Duration::from_secs(30),
            deadline: LONG_WORK,
            starts: self.starts_of_tools().await,
        };
        let backup = postgres::backup(target, &request, |progress| {
            self.report
                .progress(&format!("{} bytes, {} rows", progress.bytes, progress.rows));
        });
        let taken = self.telling_who_blocks("the dump", target, backup).await?;
        described(&taken, &target.schema)
    }

    async fn find_backup(&self, database: &str) -> Result<Option<BackupFacts>, Failure> {
        let Some(path) = self.whole_backup(database)? else {
            return Ok(None);
        };
        if self.cassandra(database)?.is_some() {
            return cassandra::Cluster::found(&path).map(Some);
        }
        let schema = self.database(database)?.schema.clone();
        found(&path, &schema).map(Some)
    }

    async fn verify_backup(
        &self,
        database: &str,
        backup: &BackupFacts,
        tier: VerifyTier,
        keep: Option<&str>,
    ) -> Result<(), Failure> {
        if let Some(old) = self.cassandra(database)? {
            return old.verify(&self.backups()?.join(&backup.name), backup, tier);
        }
        let target = &*self.database(database)?;
        // A copy that is to be swapped in must be on the same server; a proof may run elsewhere.
        let scratch = match (&target.scratch, keep) {
            (Some(scratch), None) => self.environment_database(scratch)?,
            _ => target,
        };
        let path = self.backups()?.join(&backup.name);
        if let Some(name) = keep.filter(|_| tier == VerifyTier::Restore) {
            let request = RestoreRequest {
                backup: path,
                manifest_digest: backup.manifest.clone(),
                name: name.to_owned(),
                run: self.run.clone(),
                jobs: JOBS,
                deadline: LONG_WORK,
                starts: self.starts_of_tools().await,
            };
            return Ok(postgres::restore_beside(scratch, &request)
                .await
                .map(drop)?);
        }
        let request = VerifyRequest {
            backup: path,
            expectation: Expectation::Manifest(backup.manifest.clone()),
            tier: match tier {
                VerifyTier::Checksum => Tier::Checksum,
                VerifyTier::Decode => Tier::Decode,
                VerifyTier::Restore => Tier::Restore,
            },
            scratch_name: format!("cutover_proof_{}", &backup.manifest[..12]),
            keep: false,
            run: self.run.clone(),
            deadline: LONG_WORK,
            starts: self.starts_of_tools().await,
        };
        Ok(postgres::verify(scratch, &request).await.map(drop)?)
    }

    async fn scratch_place(&self, database: &str) -> Result<ScratchPlace, Failure> {
        self.place_for_scratch(database).await
    }

    async fn clone_backup(
        &self,
        database: &str,
        backup: &BackupFacts,
        copy: &ScratchCopy,
    ) -> Result<(), Failure> {
        self.restore_for_rehearsal(database, backup, copy).await
    }

    async fn visible_rows(&self, database: &str) -> Result<VisibleRows, Failure> {
        Ok(postgres::visible_rows(&*self.database(database)?).await?)
    }

    async fn rows(&self, database: &str, table: &str) -> Result<Vec<Row>, Failure> {
        let read = postgres::table_rows(&*self.database(database)?, table).await?;
        self.sealed(read)
    }

    async fn has_copy(&self, database: &str, copy: &str) -> Result<bool, Failure> {
        Ok(postgres::mark_of(&*self.database(database)?, copy)
            .await?
            .is_some())
    }

    async fn drop_copy(&self, database: &str, copy: &str) -> Result<(), Failure> {
        Ok(
            postgres::drop_created(&*self.database(database)?, copy, &self.run)
                .await
                .map(drop)?,
        )
    }

    async fn restore_database(
        &self,
        database: &str,
        backup: &BackupFacts,
        copy: Option<&str>,
        retired: &str,
    ) -> Result<(), Failure> {
        if let Some(old) = self.cassandra(database)? {
            let path = self.backups()?.join(&backup.name);
            return Box::pin(old.restore(&path, backup)).await;
        }
        let target = &*self.database(database)?;
        let short = &backup.manifest[..12];
        let restored = format!("cutover_restore_{short}");
        let names = |fresh: &str| SwapNames {
            live: target.database.clone(),
            fresh: fresh.to_owned(),
            retired: retired.to_owned(),
        };
        // A swap that was killed goes on from where it stands, with the copy that it began with.
        for fresh in copy.into_iter().chain([restored.as_str()]) {
            let state = postgres::swap_state(target, &names(fresh)).await?;
            if matches!(
                state,
                SwapState::NotBegun | SwapState::Closed | SwapState::Renamed
            ) && self.is_whole(target, backup, fresh, state).await
            {
                return self.exchange(target, &names(fresh)).await;
            }
        }
        let request = RestoreRequest {
            backup: self.backups()?.join(&backup.name),
            manifest_digest: backup.manifest.clone(),
            name: restored.clone(),
            run: self.run.clone(),
            jobs: JOBS,
            deadline: LONG_WORK,
            starts: self.starts_of_tools().await,
        };
        self.report
            .progress("restoring the backup beside the live database");
        postgres::restore_beside(target, &request).await?;
        self.exchange(target, &names(&restored)).await
    }

    async fn take_baseline(&self, database: &str) -> Result<BaselineFacts, Failure> {
        self.keep_baseline(database).await
    }

    async fn writes_since(&self, database: &str, since: &Since) -> Result<Writes, Failure> {
        self.compare_since(database, since).await
    }

    async fn await_no_migration_session(&self, database: &str) -> Result<u64, Failure> {
        settling::await_no_migration(self, &*self.database(database)?, database).await
    }

    async fn pending_migrations(&self, database: &str) -> Result<Names, Failure> {
        pending::migrations(&*self.database(database)?).await
    }

    async fn migration_lock(&self, database: &str) -> Result<bool, Failure> {
        let target = &*self.database(database)?;
        let statement = format!(
            "SELECT EXISTS (SELECT FROM {}.locks WHERE key = 'migrations' AND ttl > now())",
            postgres::identifier(&target.schema)
        );
        let row = postgres::connect(target, Role::Owner, None)
            .await?
            .query_one(&statement, &[])
            .await;
        Ok(row
            .map_err(PostgresError::query("look for Kong's lock"))?
            .get(0))
    }

    async fn clear_migration_lock(&self, database: &str) -> Result<(), Failure> {
        let target = &*self.database(database)?;
        let statement = format!(
            "DELETE FROM {}.locks WHERE key = 'migrations'",
            postgres::identifier(&target.schema)
        );
        let done = postgres::connect(target, Role::Owner, None)
            .await?
            .execute(&statement, &[])
            .await;
        Ok(done.map(drop).map_err(PostgresError::query(
            "remove the lock that a killed migration left",
        ))?)
    }

    async fn kong_sessions(&self, database: &str) -> Result<KongSessions, Failure> {
        let target = self.database(database)?;
        let hosts = self.addresses_of_nodes_on(database).await?;
        Ok(KongSessions {
            through: target.pooler.clone(),
            from_elsewhere: postgres::sessions_from_elsewhere(&target, &hosts).await?,
        })
    }

    async fn write_denial(&self, database: &str) -> Result<WriteDenial, Failure> {
        let database = self.database(database)?;
        Ok(postgres::denial(&database).await?)
    }

    async fn is_fenced(&self, database: &str) -> Result<bool, Failure> {
        Ok(postgres::is_fenced(self.environment_database(database)?).await?)
    }

    async fn set_fence(&self, database: &str, closed: bool) -> Result<(), Failure> {
        Ok(postgres::set_fence(self.environment_database(database)?, closed).await?)
    }

    async fn set_write_denial(&self, database: &str, denial: WriteDenial) -> Result<(), Failure> {
        let database = self.database(database)?;
        Ok(postgres::set_denial(&database, denial).await?)
    }

    async fn long_transactions(
        &self,
        database: &str,
        age: Duration,
    ) -> Result<Vec<String>, Failure> {
        let target = &*self.database(database)?;
        // The owner of the tables is shown nothing of what other roles do.
        let session = postgres::connect(target, Role::Admin, None).await?;
        let now = jiff::Timestamp::now();
        let old = |since: jiff::Timestamp| {
            Duration::try_from(now.duration_since(since)).is_ok_and(|open| open > age)
        };
        let others = postgres::sessions(&session, &target.database).await?;
        let long = others
            .into_iter()
            .filter(|other| other.transaction_since.is_some_and(old));
        Ok(long
            .map(|other| {
                format!(
                    "process {} of `{}` ({})",
                    other.pid, other.user, other.application
                )
            })
            .collect())
    }
}

/// The two digests that matter of many.
fn content(digest: &postgres::DatabaseDigest, schema: &str) -> ContentDigest {
    let meta = digest.tables.get(&format!("{schema}.schema_meta"));
    ContentDigest {
        configuration: digest.configuration.clone(),
        schema: meta.map(|table| table.sum.clone()).unwrap_or_default(),
    }
}

fn described(backup: &Backup, schema: &str) -> Result<BackupFacts, Failure> {
    let milliseconds = u64::try_from(backup.duration.as_millis()).unwrap_or(u64::MAX);
    Ok(BackupFacts {
        milliseconds,
        ..found(&backup.path, schema)?
    })
}

/// A backup on disk, from its manifest.
pub(super) fn found(path: &Path, schema: &str) -> Result<BackupFacts, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::new(
            "database.backup.manifest",
            format!("cannot read the manifest in `{}`: {error}", path.display()),
        )
    };
    let text = std::fs::read(path.join("manifest.json")).map_err(|error| unreadable(&error))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
    let digest = manifest.database_digest();
    Ok(BackupFacts {
        name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        manifest: hex::encode(Sha256::digest(&text)),
        taken_at: manifest.taken_at,
        content: content(&digest, schema),
        rows: digest.rows(),
        bytes: manifest.files.iter().map(|file| file.bytes).sum(),
        milliseconds: 0,
    })
}
