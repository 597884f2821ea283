//! `kong.migrate_scratch`: either half of the migrations, on a copy.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::{Gateway, ScratchNode};
use crate::kong::changes::Changes;
use crate::kong::migrations::{MigrationState, Verdict};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Either half of Kong's migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// `kong migrations up`.
    Up,
    /// `kong migrations finish`.
    Finish,
}

/// Runs a half of the migrations with the `kong` of a scratch node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateScratch {
    /// The node.
    pub node: ScratchNode,
    /// Which half.
    pub half: Half,
    /// How long Kong's own lock lasts, in seconds.
    pub lock_timeout: u64,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigratedScratch {
    /// The state of the migrations.
    #[serde(flatten)]
    pub state: MigrationState,
    /// How long the command took.
    pub milliseconds: u64,
    /// What it changed, row by row.
    pub changes: Changes,
}

impl MigrateScratch {
    fn is_done(&self, verdict: Verdict) -> bool {
        match self.half {
            Half::Up => matches!(verdict, Verdict::Pending | Verdict::UpToDate),
            Half::Finish => verdict == Verdict::UpToDate,
        }
    }
}

impl Primitive for MigrateScratch {
    type Observed = ();
    type Outcome = MigratedScratch;
    const VERB: &'static str = "kong.migrate_scratch";
    const EFFECT: Effect = Effect::Scratch;

    fn targets(&self) -> Vec<String> {
        vec![self.node.name()]
    }

    fn may_go_on(&self) -> Duration {
        Duration::from_secs(self.lock_timeout)
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn require(&self, world: &impl Gateway, target: &str, (): &()) -> Result<(), Failure> {
        // Its environment is what keeps this from migrating Kong's own database.
        world.prove_database(target).await
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        // The copy goes, and that is deeper in the stack.
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<MigratedScratch, Failure> {
        let database = self.node.copy.name();
        // Nobody but this run knows the copy: a lock in it was left by a killed attempt.
        world.clear_migration_lock(&database).await?;
        let (before, begun) = (world.visible_rows(&database).await?, world.elapsed());
        let limit = Duration::from_secs(self.lock_timeout);
        let (name, run) = match self.half {
            Half::Up => ("up", world.migrations_up(target, limit).await?),
            Half::Finish => ("finish", world.migrations_finish(target, limit).await?),
        };
        let milliseconds = crate::primitive::milliseconds_since(begun, world);
        let state = world.migration_state(target).await?;
        if self.is_done(state.verdict()) {
            let after = world.visible_rows(&database).await?;
            return Ok(MigratedScratch {
                state,
                milliseconds,
                changes: Changes::between(&before, &after),
            });
        }
        let why = run
            .error
            .unwrap_or_else(|| format!("`kong migrations {name}` did not do its work"));
        let message = format!("the rehearsal of `{name}` on a copy failed: {why}");
        Err(Failure::new("kong.rehearsal.failed", message)
            .hint("production was not touched; mend what Kong names, then begin anew")
            .details(json!(state)))
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        _target: &str,
        (): &(),
    ) -> Result<Settled<MigratedScratch>, Failure> {
        // What it changed and how long it took was seen by the killed runner alone. A half that is done is run again without
        // effect; of an `up` that broke off Kong says that it cannot go on.
        world
            .await_no_migration_session(&self.node.copy.name())
            .await?;
        Ok(Settled::Partly)
    }
}
