//! `kong.stop`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{NodeFound, Start};
use crate::gateway::{Gateway, Stopped};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Stops nodes gracefully, several at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The nodes, in order.
    pub nodes: Vec<String>,
    /// How long requests in flight may take to finish, in seconds.
    pub patience: u64,
}

impl Primitive for Stop {
    type Observed = NodeFound;
    type Outcome = Stopped;
    const VERB: &'static str = "kong.stop";
    const EFFECT: Effect = Effect::StopsTraffic;
    const ASPECT: &'static str = "node";
    const AT_ONCE: usize = 4;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<NodeFound, Failure> {
        NodeFound::of(world, target).await
    }

    fn undo(&self, target: &str, observed: &NodeFound) -> Option<Intent> {
        observed.running.then(|| {
            Intent::Start(Start {
                nodes: vec![target.to_owned()],
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &NodeFound,
    ) -> Result<Stopped, Failure> {
        world
            .stop_node(target, Duration::from_secs(self.patience))
            .await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &NodeFound,
    ) -> Result<Settled<Stopped>, Failure> {
        // A node that was told to quit and still finishes requests is stopped again, which waits for it.
        Ok(if world.is_running(target).await? {
            Settled::Partly
        } else {
            Settled::Done(Stopped::Gracefully)
        })
    }
}
