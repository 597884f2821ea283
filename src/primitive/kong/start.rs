//! `kong.start`.

use serde::{Deserialize, Serialize};

use super::{NodeFound, Stop};
use crate::gateway::Gateway;
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// How long a node that was started may take to stop again on the way back, in seconds. It is out of rotation then.
const PATIENCE: u64 = 10;

/// Starts nodes, several at once, and waits until each is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The nodes, in order.
    pub nodes: Vec<String>,
}

impl Primitive for Start {
    type Observed = NodeFound;
    type Outcome = ();
    const VERB: &'static str = "kong.start";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "node";
    const AT_ONCE: usize = 4;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<NodeFound, Failure> {
        NodeFound::of(world, target).await
    }

    fn undo(&self, target: &str, observed: &NodeFound) -> Option<Intent> {
        (!observed.running).then(|| {
            Intent::Stop(Stop {
                nodes: vec![target.to_owned()],
                patience: PATIENCE,
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &NodeFound,
    ) -> Result<(), Failure> {
        world.start_node(target).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &NodeFound,
    ) -> Result<Settled<()>, Failure> {
        // Starting a running node only waits until it is ready, so doing it again is right in every case.
        Ok(if world.is_running(target).await? {
            Settled::Partly
        } else {
            Settled::NotDone
        })
    }
}
