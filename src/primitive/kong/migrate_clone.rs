//! `kong.migrate_clone`: both halves of the migrations, on a copy that nobody uses yet.
//!
//! The one place where the point of no return costs nothing: the original is still there, and the copy is dropped on the way back.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::{Gateway, WriteDenial};
use crate::kong::changes::Changes;
use crate::kong::migrations::{MigrationState, Verdict};
use crate::primitive::{Effect, Failure, History, Intent, Primitive, Settled};

/// Runs `up` and `finish` with the installed `kong` of a cluster whose database this run made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateClone {
    /// The cluster, for messages.
    pub cluster: String,
    /// Its database.
    pub database: String,
    /// Its nodes. The first one's `kong` is used.
    pub nodes: Vec<String>,
    /// How long Kong's own lock lasts, in seconds.
    pub lock_timeout: u64,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigratedClone {
    /// The state of the migrations.
    #[serde(flatten)]
    pub state: MigrationState,
    /// How long both halves took.
    pub milliseconds: u64,
    /// What they changed, row by row.
    pub changes: Changes,
}

impl Primitive for MigrateClone {
    type Observed = ();
    type Outcome = MigratedClone;
    const VERB: &'static str = "kong.migrate_clone";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    fn may_go_on(&self) -> Duration {
        Duration::from_secs(self.lock_timeout)
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn require(&self, world: &impl Gateway, _: &str, (): &()) -> Result<(), Failure> {
        for node in &self.nodes {
            // What a node's own settings say is what its `kong` migrates.
            world.prove_database(node).await?;
            if world.is_running(node).await? {
                let message = format!("`{node}` runs on the copy that is to be migrated");
                return Err(Failure::new("kong.migrate_clone.running", message)
                    .hint("stop it: nobody may use the copy before it is migrated and finished"));
            }
        }
        Ok(())
    }

    async fn evidence(&self, _: &impl Gateway, history: &History) -> Result<Vec<String>, Failure> {
        let is_copy = |intent: &Intent| matches!(intent, Intent::CloneTo(clone) if clone.sides.to_database == self.database);
        if history.since(is_copy).is_some() {
            return Ok(Vec::new());
        }
        let message = format!("this run did not make the database `{}`", self.database);
        Err(Failure::new("kong.migrate_clone.unmade", message).hint(
            "copy it first with `database::clone_to`; a database that others use is migrated by `kong::migrate_up` and `kong::finish`",
        ))
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        // The copy goes, and that is deeper in the stack.
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<MigratedClone, Failure> {
        let node = &self.nodes[0];
        // A freeze by the database came along with the copy, and Kong's lock may be what a killed attempt left.
        world.set_write_denial(target, WriteDenial::Off).await?;
        world.clear_migration_lock(target).await?;
        let (before, begun) = (world.visible_rows(target).await?, world.elapsed());
        let limit = Duration::from_secs(self.lock_timeout);
        let mut error = world.migrations_up(node, limit).await?.error;
        if world.migration_state(node).await?.verdict() == Verdict::Pending {
            error = world.migrations_finish(node, limit).await?.error;
        }
        let milliseconds = crate::primitive::milliseconds_since(begun, world);
        let state = world.migration_state(node).await?;
        if state.verdict() == Verdict::UpToDate {
            let after = world.visible_rows(target).await?;
            return Ok(MigratedClone {
                state,
                milliseconds,
                changes: Changes::between(&before, &after),
            });
        }
        let why = error.unwrap_or_else(|| "`kong migrations` did not do its work".to_owned());
        let message = format!("the copy `{target}` could not be migrated: {why}");
        Err(Failure::new("kong.migrate_clone.failed", message)
            .hint("clients were not touched; mend what Kong names, then begin anew")
            .details(json!(state)))
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Settled<MigratedClone>, Failure> {
        // What it changed was seen by the killed runner alone. A half that is done is run again without effect.
        world.await_no_migration_session(target).await?;
        Ok(Settled::Partly)
    }
}
