//! `node.reach`: whether nodes reach what the configuration of another one names.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Failure, Look};
use crate::gateway::{Gateway, Reached};
use crate::kong::addresses::{Address, Entities, addresses};
use crate::kong::advisories::Known;

/// What names addresses.
const KINDS: [&str; 4] = ["services", "upstreams", "targets", "plugins"];

/// How many connections a host opens at once.
const CONNECTIONS: usize = 4;

/// Connects from the hosts of nodes to every address that the configuration of a node names, and to those that their own settings name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// The node whose configuration is read.
    pub node: String,
    /// The nodes whose hosts connect.
    pub nodes: Vec<String>,
}

impl Look for Reach {
    type Answer = Value;
    /// Nodes on one host share a connection, and `sshd` lets ten sessions into one: each node opens four.
    const AT_ONCE: usize = 2;
    const VERB: &'static str = "node.reach";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Value, Failure> {
        let mut wanted = self.wanted(world).await?;
        for (address, by) in world.named_by_settings(target).await? {
            wanted.entry(address).or_default().extend(by);
        }
        let asked = wanted
            .iter()
            .map(|(address, by)| async move { (address, by, world.reach(target, address).await) });
        let found: Vec<_> = stream::iter(asked).buffered(CONNECTIONS).collect().await;
        let mut missed = Vec::new();
        for (address, by, reached) in found {
            if let Reached::No(why) = reached? {
                let by: Vec<&str> = by.iter().map(String::as_str).collect();
                missed.push(format!("{address} ({}): {why}", by.join(", ")));
            }
        }
        if missed.is_empty() {
            return Ok(json!({ "reached": wanted.len() }));
        }
        let message = format!(
            "`{target}` does not reach {} of the {} addresses that the configuration names: {}",
            missed.len(),
            wanted.len(),
            missed.join("; ")
        );
        Err(Failure::new("node.unreached", message)
            .hint("look at names, firewalls and trusted authorities of its host; what nobody needs any more can be taken out of the configuration")
            .details(json!(missed)))
    }
}

impl Reach {
    async fn wanted(
        &self,
        world: &impl Gateway,
    ) -> Result<BTreeMap<Address, BTreeSet<String>>, Failure> {
        let configuration = world.configuration(&self.node, &KINDS).await?;
        let mut entities = Entities::new();
        for kind in KINDS {
            let found: Vec<&Map<String, Value>> = match configuration.entities.get(kind) {
                Some(Known::Known(all)) => all.iter().map(|entity| &entity.fields).collect(),
                Some(Known::Unknown { unknown }) => {
                    let message = format!(
                        "which addresses nodes must reach cannot be told: {kind}: {unknown}"
                    );
                    return Err(Failure::new("node.reach.unknown", message));
                }
                None => Vec::new(),
            };
            entities.insert(kind, found);
        }
        Ok(addresses(&entities))
    }
}
