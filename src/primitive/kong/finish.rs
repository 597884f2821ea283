//! `kong.finish`: the second half of the migrations, and the point of no return for the old version.

mod evidence;
mod old_nodes;
mod rotation;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::freeze::with_writes_allowed;
use crate::gateway::{Gateway, WriteDenial};
use crate::kong::migrations::{MigrationState, Verdict};
use crate::primitive::{Effect, Failure, History, Intent, Primitive, Restore, Settled};

/// Runs `kong migrations finish`, once nothing speaks against it.
///
/// It has no undo of its own where that of `kong.migrate_up`, deeper in the stack, covers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// The cluster, for messages.
    pub cluster: String,
    /// All nodes of the cluster that have its database. The `kong` of the first one finishes.
    pub nodes: Vec<String>,
    /// The data planes of a hybrid cluster, which answer clients in the place of those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_planes: Vec<String>,
    /// The cluster's database.
    pub database: String,
    /// How long Kong's own lock lasts, in seconds.
    pub lock_timeout: u64,
    /// How long each node must have been in rotation, in milliseconds.
    pub bake: u64,
    /// How often the sessions on the database are looked at.
    pub samples: u32,
    /// The pause between two looks, in milliseconds.
    pub interval: u64,
    /// What its way back brings back, where no `kong.migrate_up` of the run does: another side served on the database meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_back: Option<Box<Restore>>,
}

impl Finish {
    fn node(&self) -> &str {
        self.nodes.first().map(String::as_str).unwrap_or_default()
    }

    /// The nodes that answer clients.
    fn serving(&self) -> &[String] {
        if self.data_planes.is_empty() {
            &self.nodes
        } else {
            &self.data_planes
        }
    }

    /// Every node runs the version that finishes: an old one would lose what `finish` takes away, without a word.
    async fn require_no_old_node(&self, world: &impl Gateway) -> Result<(), Failure> {
        let installed = world.installed_version(self.node()).await?;
        for node in self.nodes.iter().chain(&self.data_planes) {
            let status = world.admin_status(node).await?;
            if status.version != installed {
                let message = format!(
                    "the node `{node}` runs {}, and {installed} would finish",
                    status.version
                );
                return Err(Failure::new("kong.finish.old_node", message)
                    .hint("an old node loses what `finish` removes; stop it or upgrade it first"));
            }
        }
        for node in world.nodes_on(&self.database).await? {
            if self.nodes.contains(&node) || !world.is_running(&node).await? {
                continue;
            }
            let running = world.admin_status(&node).await?.version;
            if running != installed {
                let message = format!(
                    "`{node}`, of another cluster on this database, runs {running}, and {installed} would finish"
                );
                return Err(Failure::new("kong.finish.old_node", message)
                    .hint("stop it, and install the new version there, so that whoever starts it starts that"));
            }
        }
        Ok(())
    }
}

impl Primitive for Finish {
    /// The verdict before, as the same binary that did `up` sees it.
    type Observed = Verdict;
    type Outcome = MigrationState;
    const VERB: &'static str = "kong.finish";
    const EFFECT: Effect = Effect::Irreversible;

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    fn may_go_on(&self) -> Duration {
        Duration::from_secs(self.lock_timeout)
    }

    async fn observe(&self, world: &impl Gateway, _target: &str) -> Result<Verdict, Failure> {
        Ok(world.migration_state(self.node()).await?.verdict())
    }

    async fn require(
        &self,
        world: &impl Gateway,
        _target: &str,
        found: &Verdict,
    ) -> Result<(), Failure> {
        world.prove_database(self.node()).await?;
        match found {
            Verdict::Pending | Verdict::UpToDate => self.require_no_old_node(world).await,
            Verdict::New | Verdict::PendingAndNew | Verdict::NeedsBootstrap => {
                let message = "the `kong` that would finish is not the one that did `up`: it knows migrations that have not run";
                Err(Failure::new("kong.finish.other_binary", message)
                    .hint("it would finish another upgrade's migrations; install the version that did `up`"))
            }
        }
    }

    async fn evidence(
        &self,
        world: &impl Gateway,
        history: &History,
    ) -> Result<Vec<String>, Failure> {
        let mut doubts = self.require_same_binary(world, history).await?;
        self.require_proven_nodes(world, history).await?;
        doubts.extend(self.doubt_writes(world, history).await?);
        doubts.extend(self.require_no_old_node_at_work(world).await?);
        Ok(doubts)
    }

    fn undo(&self, _target: &str, _observed: &Verdict) -> Option<Intent> {
        self.way_back.clone().map(|back| Intent::Restore(*back))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Verdict,
    ) -> Result<MigrationState, Failure> {
        if *observed == Verdict::UpToDate {
            return world.migration_state(self.node()).await;
        }
        world.clear_migration_lock(target).await?;
        let timeout = Duration::from_secs(self.lock_timeout);
        let work = world.migrations_finish(self.node(), timeout);
        let run = with_writes_allowed(world, target, work).await?;
        let state = world.migration_state(self.node()).await?;
        if state.verdict() == Verdict::UpToDate {
            return Ok(state);
        }
        let why = match (run.error, run.aborted) {
            (Some(error), _) => error,
            (None, true) => {
                "another node held the lock, and `kong migrations finish` did nothing".to_owned()
            }
            (None, false) => "`kong migrations finish` left migrations pending".to_owned(),
        };
        Err(Failure::new("kong.finish.failed", why).details(json!(state)))
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &Verdict,
    ) -> Result<Settled<MigrationState>, Failure> {
        world.await_no_migration_session(target).await?;
        let state = world.migration_state(self.node()).await?;
        // What is still pending is finished by running it again; Kong moves one subsystem after the other.
        let held = world.write_denial(target).await? != WriteDenial::Suspended;
        Ok(if held && state.verdict() == Verdict::UpToDate {
            Settled::Done(state)
        } else {
            Settled::Partly
        })
    }
}
