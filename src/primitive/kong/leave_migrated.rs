//! `kong.leave_migrated`: the way back that brings nothing back. The old package returns to the database as `up` made it.
//!
//! Only ever an undo, chosen by a person instead of restoring. It changes nothing: it makes sure that what it leaves is what was
//! promised, and says what remains.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::MigrateUp;
use crate::gateway::{ContentDigest, Gateway};
use crate::kong::migrations::{MigrationState, Names, told};
use crate::kong::{Version, repackage};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Leaves a database migrated and not finished, for an old version that is known to serve on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveMigrated {
    /// The database.
    pub database: String,
    /// The version that comes back.
    pub from: Version,
    /// The version that migrated.
    pub to: Version,
    /// What `up` left pending, and must still be pending.
    pub pending: Names,
}

impl LeaveMigrated {
    /// The undo of an `up` that ended in `state`, where the pair of versions is known to allow it; else the reason why not.
    pub fn after(
        up: &MigrateUp,
        state: &MigrationState,
        from: Version,
        to: Version,
    ) -> Result<Self, String> {
        Self::evidence(&from, &to)?;
        Ok(Self {
            database: up.database.clone(),
            from,
            to,
            pending: state.pending.clone(),
        })
    }

    /// Why the pair is known, or why it is not.
    pub fn evidence(from: &Version, to: &Version) -> Result<&'static str, String> {
        repackage::judge(from, to)
    }
}

impl Primitive for LeaveMigrated {
    type Observed = ContentDigest;
    /// What is pending.
    type Outcome = Names;
    const VERB: &'static str = "kong.leave_migrated";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "database";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<ContentDigest, Failure> {
        world.content_digest(target).await
    }

    fn undo(&self, _target: &str, _observed: &ContentDigest) -> Option<Intent> {
        None
    }

    fn leaves(&self) -> Option<String> {
        let (database, to) = (&self.database, &self.to);
        Some(if self.pending.is_empty() {
            format!("the database `{database}` keeps the schema of {to}")
        } else {
            format!(
                "the database `{database}` keeps the schema of {to}, and these migrations stay pending: {}; the next upgrade to {to} goes on with them",
                told(&self.pending)
            )
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &ContentDigest,
    ) -> Result<Names, Failure> {
        world.await_no_migration_session(target).await?;
        let pending = world.pending_migrations(target).await?;
        if sorted(&pending) == sorted(&self.pending) {
            return Ok(pending);
        }
        let message = format!(
            "the migrations of `{target}` are not as `up` left them: {} would serve on a database that it was not judged for",
            self.from
        );
        Err(Failure::new("kong.leave_migrated.different", message)
            .hint("somebody ran `kong migrations` since; go back with `--way swap` or `--way restore`")
            .details(json!({ "pending": pending, "after_up": self.pending })))
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &ContentDigest,
    ) -> Result<Settled<Names>, Failure> {
        // It only looks, so looking again is right in every case.
        Ok(Settled::Partly)
    }
}

/// In an order that does not depend on who told it.
fn sorted(names: &Names) -> Names {
    let mut names = names.clone();
    for list in names.values_mut() {
        list.sort_unstable();
    }
    names
}
