//! `kong.check_hosts`: whether the hosts of nodes let them be stopped, changed and started again.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::Gateway;
use crate::primitive::{Failure, Look};

/// Refuses hosts on which that would fail, or do something else than it says: found out before a node is stopped, not after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckHosts {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Look for CheckHosts {
    type Answer = ();
    const VERB: &'static str = "kong.check_hosts";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<(), Failure> {
        let found = world.hindrances(target).await?;
        if found.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the node `{target}` could not be upgraded as it stands: {}",
            found.join("; ")
        );
        Err(Failure::new("kong.host_unfit", message)
            .hint("see to each of them on the node's host, and begin again")
            .details(json!(found)))
    }
}
