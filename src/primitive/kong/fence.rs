//! `kong.fence`: the database of a side that was left, closed for everybody.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::Gateway;
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Closes the database of a cluster that has no clients any more: an old node that somebody starts finds nothing to serve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    /// The database.
    pub database: String,
    /// Whether it is to be closed, or opened again on the way back.
    pub closed: bool,
}

/// Whether a database lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceFound {
    /// Whether it is closed.
    pub closed: bool,
}

impl Primitive for Fence {
    type Observed = FenceFound;
    type Outcome = ();
    const VERB: &'static str = "kong.fence";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "fence";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<FenceFound, Failure> {
        Ok(FenceFound {
            closed: world.is_fenced(target).await?,
        })
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &FenceFound,
    ) -> Result<(), Failure> {
        if !self.closed || observed.closed {
            return Ok(());
        }
        let mut running = Vec::new();
        for node in world.nodes_on(target).await? {
            if world.is_running(&node).await? {
                running.push(node);
            }
        }
        if running.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the database `{target}` cannot be closed: {} run on it",
            running.join(", ")
        );
        Err(Failure::new("kong.fence.running", message)
            .hint("stop them first, when no client is left there")
            .details(json!(running)))
    }

    fn undo(&self, target: &str, observed: &FenceFound) -> Option<Intent> {
        (observed.closed != self.closed).then(|| {
            Intent::Fence(Self {
                database: target.to_owned(),
                closed: observed.closed,
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &FenceFound,
    ) -> Result<(), Failure> {
        world.set_fence(target, self.closed).await
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        _observed: &FenceFound,
    ) -> Result<Settled<()>, Failure> {
        // Sessions may be left: closing what is closed ends them.
        Ok(Settled::Partly)
    }
}
