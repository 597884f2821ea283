//! `traffic.check_listed`: whether everything behind a load balancer is in the inventory.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::Gateway;
use crate::primitive::{Failure, Look};

/// Refuses a load balancer that sends requests to servers which no node of the environment is: they would keep the old version, and serve a
/// share of the clients with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckListed {
    /// The cluster.
    pub cluster: String,
}

impl Look for CheckListed {
    type Answer = ();
    const VERB: &'static str = "traffic.check_listed";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<(), Failure> {
        let unlisted = world.unlisted_servers(target).await?;
        if unlisted.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = unlisted.iter().map(|name| format!("`{name}`")).collect();
        let message = format!(
            "the load balancer of `{target}` has servers that the environment does not list: {}",
            names.join(", ")
        );
        Err(Failure::new("traffic.unlisted", message)
            .hint(format!("list them under `[[clusters.{target}.nodes]]`, take them out of the load balancer, or name those that may stay as they are under `others` of it"))
            .details(json!(unlisted)))
    }
}
