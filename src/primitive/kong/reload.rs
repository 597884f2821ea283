//! `kong.reload`.

use serde::{Deserialize, Serialize};

use crate::gateway::Gateway;
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Makes nodes read their configuration again. Repeating it changes nothing, and it has no way back but the configuration's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reload {
    /// The nodes, in order.
    pub nodes: Vec<String>,
}

impl Primitive for Reload {
    type Observed = ();
    type Outcome = ();
    const VERB: &'static str = "kong.reload";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(&self, world: &impl Gateway, target: &str, (): &()) -> Result<(), Failure> {
        world.reload_node(target).await
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        (): &(),
    ) -> Result<Settled<()>, Failure> {
        Ok(Settled::Partly)
    }
}
