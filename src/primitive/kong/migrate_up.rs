//! `kong.migrate_up`: the first half of the migrations, believed by `schema_meta` and never by an exit code.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::freeze::with_writes_allowed;
use crate::gateway::{BackupFacts, BaselineFacts, ContentDigest, Gateway, WriteDenial};
use crate::kong::Version;
use crate::kong::migrations::{MigrationState, Verdict};
use crate::primitive::{Effect, Failure, Intent, Primitive, Restore, Settled};

/// Runs `kong migrations up`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateUp {
    /// The cluster, for messages.
    pub cluster: String,
    /// The node whose `kong` migrates.
    pub node: String,
    /// The cluster's database.
    pub database: String,
    /// The rollback backup: the way back.
    pub backup: BackupFacts,
    /// The kept copy of it, a faster way back.
    pub copy: Option<String>,
    /// How long Kong's own lock lasts, in seconds. It is not renewed, so it must outlast the migration.
    pub lock_timeout: u64,
}

/// What `up` came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migrated {
    /// The version of the `kong` that did it. Journals of before it was recorded have none.
    #[serde(default)]
    pub version: Option<Version>,
    /// The content directly after: what nothing may have changed while the configuration is held still.
    #[serde(default)]
    pub content: Option<ContentDigest>,
    /// The state of the migrations directly after.
    #[serde(flatten)]
    pub state: MigrationState,
    /// What the database held directly after it: `up` itself rewrites rows, so later writes are told from this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineFacts>,
}

impl MigrateUp {
    /// What is to be recorded of the `up` that led to `state`.
    async fn migrated(
        &self,
        world: &impl Gateway,
        state: MigrationState,
    ) -> Result<Migrated, Failure> {
        let version = Some(world.installed_version(&self.node).await?);
        let content = Some(world.content_digest(&self.database).await?);
        // An upgrade does not fail for want of it: later writes are then told from the backup.
        let baseline = world.take_baseline(&self.database).await.ok();
        Ok(Migrated {
            version,
            content,
            state,
            baseline,
        })
    }

    /// Migrates, and believes the state that this leads to.
    pub(super) async fn up(&self, world: &impl Gateway, target: &str) -> Result<Migrated, Failure> {
        // Only a killed attempt of this very step can have left one: the observation found none.
        world.clear_migration_lock(target).await?;
        let run = world
            .migrations_up(&self.node, Duration::from_secs(self.lock_timeout))
            .await?;
        let state = world.migration_state(&self.node).await?;
        match state.verdict() {
            Verdict::UpToDate | Verdict::Pending => self.migrated(world, state).await,
            Verdict::PendingAndNew => {
                let message = "an `up` that was killed, or another upgrade that was never finished, left a part of the migrations behind, and Kong does not go on from there";
                Err(Failure::new("kong.migrate_up.half", message)
                    .hint(
                        "go back and begin anew; `up --force` would run the second halves as well",
                    )
                    .details(json!(state)))
            }
            Verdict::New | Verdict::NeedsBootstrap => {
                let why = match (run.error, run.aborted) {
                    (Some(error), _) => error,
                    (None, true) => {
                        "another node held the lock, and `kong migrations up` did nothing"
                            .to_owned()
                    }
                    (None, false) => {
                        "`kong migrations up` left migrations that have not run".to_owned()
                    }
                };
                Err(Failure::new("kong.migrate_up.failed", why).details(json!(state)))
            }
        }
    }
}

impl Primitive for MigrateUp {
    type Observed = ContentDigest;
    type Outcome = Migrated;
    const VERB: &'static str = "kong.migrate_up";
    const EFFECT: Effect = Effect::Migrates;
    const ASPECT: &'static str = "database";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    fn may_go_on(&self) -> Duration {
        Duration::from_secs(self.lock_timeout)
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<ContentDigest, Failure> {
        world.content_digest(target).await
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        found: &ContentDigest,
    ) -> Result<(), Failure> {
        world.prove_database(&self.node).await?;
        if *found != self.backup.content {
            return Err(Failure::new(
                "kong.migrate_up.stale_backup",
                format!(
                    "the database `{target}` is not what the backup `{}` holds",
                    self.backup.name
                ),
            )
            .hint("somebody wrote after the backup: stop the nodes, then back up again")
            .details(json!({ "database": found, "backup": self.backup.content })));
        }
        if world.migration_lock(target).await? {
            return Err(Failure::new(
                "kong.migrate_up.locked",
                "the lock on migrations is held by somebody else",
            )
            .hint("`kong migrations up` would wait for it, do nothing, and exit 0"));
        }
        Ok(())
    }

    fn undo(&self, target: &str, _observed: &ContentDigest) -> Option<Intent> {
        let (backup, copy) = (self.backup.clone(), self.copy.clone());
        Some(Intent::Restore(Restore {
            database: target.to_owned(),
            backup,
            copy,
            finished_by: None,
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &ContentDigest,
    ) -> Result<Migrated, Failure> {
        with_writes_allowed(world, target, self.up(world, target)).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        before: &ContentDigest,
    ) -> Result<Settled<Migrated>, Failure> {
        // A client that was killed inside a transaction can still commit: nothing counts while its session lives.
        world.await_no_migration_session(target).await?;
        let state = world.migration_state(&self.node).await?;
        Ok(match state.verdict() {
            // The freeze is taken up again by the next attempt, which finds nothing else to do.
            Verdict::UpToDate | Verdict::Pending
                if world.write_denial(target).await? == WriteDenial::Suspended =>
            {
                Settled::Partly
            }
            Verdict::UpToDate | Verdict::Pending => {
                Settled::Done(self.migrated(world, state).await?)
            }
            _ if world.content_digest(target).await? == *before => Settled::NotDone,
            // What was not begun is begun again; half of it is told apart, and taken back, by the attempt.
            _ => Settled::Partly,
        })
    }
}
