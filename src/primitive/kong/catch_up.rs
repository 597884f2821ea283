//! `kong.catch_up`: configuration that was written in the original behind the copy, brought to the copy.
//!
//! By a second copy, which the new version's own migrations bring to the same point: they alone know what a row of the one version is in
//! the other.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::{
    ContentDigest, Gateway, ScratchCopy, ScratchNode, Sides, TableWrites, WriteDenial,
};
use crate::kong::migrations::Verdict;
use crate::primitive::{DropCopy, Effect, Failure, History, Intent, Primitive, Settled};

/// What the second copy is called.
const AGAIN: &str = "cutover_catch_up";

/// Brings a copy that does not serve yet what was configured in its original since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatchUp {
    /// The two databases.
    pub sides: Sides,
    /// The nodes of the copy's cluster. The first one's `kong` migrates.
    pub nodes: Vec<String>,
    /// How long Kong's own lock lasts, in seconds.
    pub lock_timeout: u64,
}

/// What was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtUp {
    /// The two databases.
    #[serde(flatten)]
    pub sides: Sides,
    /// What the original held at the moment up to which the copy has it all.
    pub content: ContentDigest,
    /// The tables that differed, with the original's rows before and at that moment.
    pub tables: Vec<TableWrites>,
    /// How long it took.
    pub milliseconds: u64,
}

impl CatchUp {
    fn again(&self) -> ScratchCopy {
        ScratchCopy {
            database: self.sides.to_database.clone(),
            copy: AGAIN.to_owned(),
        }
    }

    /// Migrates the second copy to its end.
    async fn migrate(&self, world: &impl Gateway, again: &ScratchCopy) -> Result<(), Failure> {
        let node = ScratchNode {
            node: self.nodes[0].clone(),
            version: world.installed_version(&self.nodes[0]).await?,
            copy: again.clone(),
        };
        let (node, database) = (node.name(), again.name());
        // Its environment is what keeps this from migrating Kong's own database.
        world.prove_database(&node).await?;
        // A freeze by the database came along with the copy.
        world.set_write_denial(&database, WriteDenial::Off).await?;
        world.clear_migration_lock(&database).await?;
        let limit = Duration::from_secs(self.lock_timeout);
        let mut error = world.migrations_up(&node, limit).await?.error;
        if world.migration_state(&node).await?.verdict() == Verdict::Pending {
            error = world.migrations_finish(&node, limit).await?.error;
        }
        let state = world.migration_state(&node).await?;
        if state.verdict() == Verdict::UpToDate {
            return Ok(());
        }
        let why = error.unwrap_or_else(|| "`kong migrations` did not do its work".to_owned());
        let message = format!("what was configured since cannot be migrated: {why}");
        Err(Failure::new("kong.catch_up.failed", message)
            .hint("mend what Kong names in the original's configuration, or begin anew")
            .details(json!(state)))
    }
}

impl Primitive for CatchUp {
    type Observed = ();
    type Outcome = CaughtUp;
    const VERB: &'static str = "kong.catch_up";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn require(&self, world: &impl Gateway, _: &str, (): &()) -> Result<(), Failure> {
        world.gap(&self.sides).await?;
        for node in &self.nodes {
            if world.rotation(node).await?.is_admitted() {
                let message = format!("`{node}` gets requests from clients");
                return Err(Failure::new("kong.catch_up.serving", message).hint(
                    "configuration is brought before clients come: nodes keep what they have cached until they are started anew",
                ));
            }
        }
        Ok(())
    }

    async fn evidence(&self, _: &impl Gateway, history: &History) -> Result<Vec<String>, Failure> {
        let is_copy =
            |intent: &Intent| matches!(intent, Intent::CloneTo(clone) if clone.sides == self.sides);
        if history.since(is_copy).is_some() {
            return Ok(Vec::new());
        }
        let Sides {
            from_database,
            to_database,
        } = &self.sides;
        let message = format!("this run did not make `{to_database}` of `{from_database}`");
        Err(Failure::new("kong.catch_up.unmade", message)
            .hint("copy it first with `database::clone_to`: the way back drops the copy"))
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        // The copy itself goes deeper in the stack; what a broken-off attempt left beside it goes here.
        let again = self.again();
        Some(Intent::DropCopy(DropCopy {
            database: again.database,
            copy: again.copy,
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<CaughtUp, Failure> {
        let (again, begun) = (self.again(), world.elapsed());
        let content = world.copy_again(&self.sides.from_database, &again).await?;
        self.migrate(world, &again).await?;
        let tables = world.bring_configuration(target, &again).await?;
        world.drop_copy(&again.database, &again.copy).await?;
        Ok(CaughtUp {
            sides: self.sides.clone(),
            content,
            tables,
            milliseconds: crate::primitive::milliseconds_since(begun, world),
        })
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        _: &str,
        (): &(),
    ) -> Result<Settled<CaughtUp>, Failure> {
        let again = self.again();
        if world.has_copy(&again.database, &again.copy).await? {
            world.await_no_migration_session(&again.name()).await?;
        }
        // What was brought is brought again, which changes nothing.
        Ok(Settled::Partly)
    }
}
