//! `kong.migrate_beside`: the first half of the migrations while another side goes on serving on the same database, and its way back, which
//! leaves what it made: nothing is taken from under the side that serves.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::MigrateUp;
use super::freeze::with_writes_allowed;
use super::migrate_up::Migrated;
use crate::gateway::{BackupFacts, Gateway};
use crate::kong::catalogue::second_phases;
use crate::kong::migrations::{Names, Verdict, told};
use crate::kong::{Version, repackage};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Runs `kong migrations up` with the new side's `kong`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateBeside {
    /// The cluster that is to serve, for messages.
    pub cluster: String,
    /// The node whose `kong` migrates.
    pub node: String,
    /// The database of both sides.
    pub database: String,
    /// The nodes of the side that serves.
    pub from_nodes: Vec<String>,
    /// A backup of what it holds: the way back behind `kong.finish`.
    pub backup: BackupFacts,
    /// How long Kong's own lock lasts, in seconds.
    pub lock_timeout: u64,
}

impl MigrateBeside {
    fn up(&self) -> MigrateUp {
        MigrateUp {
            cluster: self.cluster.clone(),
            node: self.node.clone(),
            database: self.database.clone(),
            backup: self.backup.clone(),
            copy: None,
            lock_timeout: self.lock_timeout,
        }
    }
}

/// The versions of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BothVersions {
    /// That of the side that serves.
    pub from: Version,
    /// That which migrates.
    pub to: Version,
}

impl Primitive for MigrateBeside {
    type Observed = BothVersions;
    type Outcome = Migrated;
    const VERB: &'static str = "kong.migrate_beside";
    const EFFECT: Effect = Effect::Migrates;

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    fn may_go_on(&self) -> Duration {
        Duration::from_secs(self.lock_timeout)
    }

    async fn observe(&self, world: &impl Gateway, _: &str) -> Result<BothVersions, Failure> {
        let mut from: Option<Version> = None;
        for node in &self.from_nodes {
            let running = world.admin_status(node).await?.version;
            if from.is_some_and(|from| from != running) {
                let message =
                    format!("`{node}` runs {running}, and another node of its side does not");
                return Err(Failure::new("kong.migrate_beside.mixed", message)
                    .hint("bring all nodes of the side that serves to one version first"));
            }
            from = Some(running);
        }
        let from = from.ok_or_else(|| {
            Failure::new(
                "kong.migrate_beside.mixed",
                "the side that serves has no nodes",
            )
        })?;
        let to = world.installed_version(&self.node).await?;
        Ok(BothVersions { from, to })
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        versions: &BothVersions,
    ) -> Result<(), Failure> {
        repackage::judge(&versions.from, &versions.to).map_err(|why| {
            Failure::new("kong.migrate_beside.unknown", why).hint(
                "give the second side a database of its own (`blue-green`), or upgrade in place (`in-place`)",
            )
        })?;
        for node in &self.from_nodes {
            world.prove_database(node).await?;
        }
        let found = world.content_digest(target).await?;
        self.up().require(world, target, &found).await
    }

    fn undo(&self, target: &str, versions: &BothVersions) -> Option<Intent> {
        Some(Intent::StayMigrated(StayMigrated {
            database: target.to_owned(),
            node: self.node.clone(),
            versions: versions.clone(),
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &BothVersions,
    ) -> Result<Migrated, Failure> {
        with_writes_allowed(world, target, self.up().up(world, target)).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &BothVersions,
    ) -> Result<Settled<Migrated>, Failure> {
        self.up().settle(world, target, &self.backup.content).await
    }
}

/// Leaves a database as `up` made it, for a side that never stopped serving on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StayMigrated {
    /// The database.
    pub database: String,
    /// The node whose `kong` migrated.
    pub node: String,
    /// The versions of both sides.
    pub versions: BothVersions,
}

impl Primitive for StayMigrated {
    type Observed = ();
    /// What stays pending.
    type Outcome = Names;
    const VERB: &'static str = "kong.stay_migrated";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "database";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        None
    }

    fn leaves(&self) -> Option<String> {
        let (database, to) = (&self.database, &self.versions.to);
        Some(format!(
            "the database `{database}` keeps what `up` of {to} made of it; the next upgrade to {to} goes on with that"
        ))
    }

    async fn perform(&self, world: &impl Gateway, target: &str, (): &()) -> Result<Names, Failure> {
        world.await_no_migration_session(target).await?;
        let BothVersions { from, to } = &self.versions;
        let state = world.migration_state(&self.node).await?;
        let due = second_phases(from, to);
        if state.verdict() == Verdict::UpToDate && !due.is_empty() {
            let message = format!(
                "the migrations of `{target}` were finished: {from} does not serve on what {} left",
                told(&due)
            );
            return Err(Failure::new("kong.stay_migrated.finished", message)
                .hint("bring the backup back first: `kong::finish` with `backup` does so on its way back")
                .details(json!(state)));
        }
        world.pending_migrations(target).await
    }

    async fn settle(&self, _: &impl Gateway, _: &str, (): &()) -> Result<Settled<Names>, Failure> {
        // It only looks, so looking again is right in every case.
        Ok(Settled::Partly)
    }
}
