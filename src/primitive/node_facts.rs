//! `node.facts`: what there is to know of a node's host and of the Kong on it.

use serde::{Deserialize, Serialize};

use super::{Failure, Look};
use crate::gateway::{Gateway, NodeFacts};

/// Looks at the hosts of nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactsOfNode {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Look for FactsOfNode {
    type Answer = NodeFacts;
    /// Nodes on one host share a connection, and `sshd` lets ten sessions into one: each node opens four.
    const AT_ONCE: usize = 2;
    const VERB: &'static str = "node.facts";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<NodeFacts, Failure> {
        world.node_facts(target).await
    }
}
