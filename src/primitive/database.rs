//! `database.*`: facts, backups, their proofs, and bringing back what they hold.

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Look, Primitive, Settled};
use crate::gateway::{BackupFacts, ContentDigest, DatabaseFacts, Gateway, VerifyTier};
use crate::kong::migrations::Verdict;
use crate::kong::rows::Row;

/// What there is to know of a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The database.
    pub database: String,
}

impl Look for Facts {
    type Answer = DatabaseFacts;
    const VERB: &'static str = "database.facts";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<DatabaseFacts, Failure> {
        world.database_facts(target).await
    }
}

/// The rows of a table of Kong's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The database.
    pub database: String,
    /// The table, as PostgreSQL calls it.
    pub table: String,
}

impl Look for Rows {
    type Answer = Vec<Row>;
    const VERB: &'static str = "database.rows";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Vec<Row>, Failure> {
        world.rows(target, &self.table).await
    }
}

/// Takes a backup. It has no undo: a backup that was taken is kept, whatever becomes of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The database.
    pub database: String,
}

impl Primitive for Backup {
    type Observed = ();
    type Outcome = BackupFacts;
    const VERB: &'static str = "database.backup";
    const EFFECT: Effect = Effect::Own;

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<BackupFacts, Failure> {
        world.back_up(target).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Settled<BackupFacts>, Failure> {
        // A manifest appears last and at once, so a backup that has one is whole; any other is taken again.
        Ok(world
            .find_backup(target)
            .await?
            .map_or(Settled::NotDone, Settled::Done))
    }
}

/// Proves a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// The database that it is of.
    pub database: String,
    /// The backup.
    pub backup: BackupFacts,
    /// How far.
    pub tier: VerifyTier,
    /// Whether the restored copy is kept as a standby to swap to.
    pub keep: bool,
}

impl Verify {
    /// The name of the kept copy: known before it exists, so that its undo can be written down first.
    #[must_use]
    pub fn copy(&self) -> String {
        format!(
            "cutover_standby_{}",
            &self.backup.manifest[..12.min(self.backup.manifest.len())]
        )
    }
}

impl Primitive for Verify {
    type Observed = ();
    /// The kept copy's name.
    type Outcome = Option<String>;
    const VERB: &'static str = "database.verify";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, target: &str, (): &()) -> Option<Intent> {
        self.keep.then(|| {
            Intent::DropCopy(DropCopy {
                database: target.to_owned(),
                copy: self.copy(),
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Option<String>, Failure> {
        let keep = self.keep.then(|| self.copy());
        world
            .verify_backup(target, &self.backup, self.tier, keep.as_deref())
            .await?;
        Ok(keep)
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        (): &(),
    ) -> Result<Settled<Option<String>>, Failure> {
        // A proof that was not seen to end proves nothing; what it left behind is replaced.
        Ok(Settled::Partly)
    }
}

/// Brings back what a backup holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// The database.
    pub database: String,
    /// The backup.
    pub backup: BackupFacts,
    /// The kept copy, if there is one.
    pub copy: Option<String>,
    /// The node by whose `kong` it is told whether the migrations were finished, where this takes that back: if not, nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_by: Option<String>,
}

impl Restore {
    /// The name under which what was there is kept: known before it exists, so that it can be told of whatever happens in between.
    #[must_use]
    pub fn retired(&self) -> String {
        format!(
            "cutover_before_{}",
            &self.backup.manifest[..12.min(self.backup.manifest.len())]
        )
    }
}

impl Primitive for Restore {
    /// Nothing where the database takes no connections: a swap that was killed has left it closed.
    type Observed = Option<ContentDigest>;
    type Outcome = ContentDigest;
    const VERB: &'static str = "database.restore";
    const EFFECT: Effect = Effect::StopsTraffic;
    const ASPECT: &'static str = "database";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(
        &self,
        world: &impl Gateway,
        target: &str,
    ) -> Result<Option<ContentDigest>, Failure> {
        match world.content_digest(target).await {
            Err(failure) if failure.code == "database.closed" => Ok(None),
            found => found.map(Some),
        }
    }

    fn undo(&self, _target: &str, _observed: &Option<ContentDigest>) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Option<ContentDigest>,
    ) -> Result<ContentDigest, Failure> {
        if observed.as_ref() == Some(&self.backup.content) {
            // It already holds that: the step that this takes back had no effect yet.
            return Ok(self.backup.content.clone());
        }
        if let (Some(node), Some(found)) = (&self.finished_by, observed)
            && world.migration_state(node).await?.verdict() == Verdict::Pending
        {
            return Ok(found.clone());
        }
        world
            .restore_database(target, &self.backup, self.copy.as_deref(), &self.retired())
            .await?;
        let found = world.content_digest(target).await?;
        if found == self.backup.content {
            return Ok(found);
        }
        let message = format!(
            "the database `{target}` does not hold what the backup `{}` holds after it was restored",
            self.backup.name
        );
        Err(Failure::new("database.restore.different", message))
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &Option<ContentDigest>,
    ) -> Result<Settled<ContentDigest>, Failure> {
        // Every point of a swap is told apart by looking, and the swap goes on from there.
        Ok(Settled::Partly)
    }
}

/// Drops a database that this run created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropCopy {
    /// The database on whose server it is.
    pub database: String,
    /// The copy's name.
    pub copy: String,
}

impl Primitive for DropCopy {
    type Observed = bool;
    type Outcome = ();
    const VERB: &'static str = "database.drop_copy";
    const EFFECT: Effect = Effect::Scratch;

    fn targets(&self) -> Vec<String> {
        vec![self.copy.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<bool, Failure> {
        world.has_copy(&self.database, target).await
    }

    fn undo(&self, _target: &str, _observed: &bool) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        there: &bool,
    ) -> Result<(), Failure> {
        if *there {
            world.drop_copy(&self.database, target).await
        } else {
            Ok(())
        }
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &bool,
    ) -> Result<Settled<()>, Failure> {
        Ok(if world.has_copy(&self.database, target).await? {
            Settled::NotDone
        } else {
            Settled::Done(())
        })
    }
}
