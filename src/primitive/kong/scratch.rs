//! `kong.start_scratch` and `kong.stop_scratch`: a node of the new version on a copy, for a rehearsal.
//!
//! Words of their own and not those of nodes: a scratch node serves nobody, so starting it admits no traffic, stopping it is no
//! outage, and neither waits for a window.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::NodeFound;
use crate::gateway::{Gateway, ScratchNode};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// How long it may take to stop. Nobody sends it requests but the rehearsal.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts a scratch node and waits until it is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartScratch {
    /// The node.
    pub node: ScratchNode,
}

/// Stops a scratch node and removes its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopScratch {
    /// The node.
    pub node: ScratchNode,
}

/// A scratch node that is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedScratch {
    /// How long that took.
    pub milliseconds: u64,
}

impl Primitive for StartScratch {
    type Observed = NodeFound;
    type Outcome = StartedScratch;
    const VERB: &'static str = "kong.start_scratch";
    const EFFECT: Effect = Effect::Scratch;

    fn targets(&self) -> Vec<String> {
        vec![self.node.name()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<NodeFound, Failure> {
        NodeFound::of(world, target).await
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &NodeFound,
    ) -> Result<(), Failure> {
        world.prove_database(target).await
    }

    fn undo(&self, _target: &str, _: &NodeFound) -> Option<Intent> {
        Some(Intent::StopScratch(StopScratch {
            node: self.node.clone(),
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &NodeFound,
    ) -> Result<StartedScratch, Failure> {
        let begun = world.elapsed();
        world.start_node(target).await?;
        let milliseconds = crate::primitive::milliseconds_since(begun, world);
        Ok(StartedScratch { milliseconds })
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &NodeFound,
    ) -> Result<Settled<StartedScratch>, Failure> {
        // Starting one that runs only waits until it is ready.
        Ok(Settled::Partly)
    }
}

impl Primitive for StopScratch {
    type Observed = NodeFound;
    type Outcome = ();
    const VERB: &'static str = "kong.stop_scratch";
    const EFFECT: Effect = Effect::Scratch;

    fn targets(&self) -> Vec<String> {
        vec![self.node.name()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<NodeFound, Failure> {
        NodeFound::of(world, target).await
    }

    fn undo(&self, _target: &str, _: &NodeFound) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &NodeFound,
    ) -> Result<(), Failure> {
        world.stop_node(target, PATIENCE).await.map(drop)
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &NodeFound,
    ) -> Result<Settled<()>, Failure> {
        // Stopping one that does not run removes what it left.
        Ok(Settled::Partly)
    }
}
