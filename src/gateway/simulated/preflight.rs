//! Preflights in the model, which has no hosts, no servers and no names: of them it knows what a step asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Simulated, Work};
use crate::gateway::{Administered, Failure, HostFacts, PlaceFacts, Preflight, ServerFacts};

impl Preflight for Simulated {
    async fn place_facts(&self) -> Result<PlaceFacts, Failure> {
        self.nowhere("this machine")
    }

    async fn host_facts(&self, node: &str) -> Result<HostFacts, Failure> {
        self.nowhere(node)
    }

    async fn server_facts(&self, database: &str) -> Result<Option<ServerFacts>, Failure> {
        self.nowhere(database)
    }

    async fn administered(&self, database: &str) -> Result<Administered, Failure> {
        self.nowhere(database)
    }

    async fn hindrances(&self, node: &str) -> Result<Vec<String>, Failure> {
        self.work(Work::Command, 0);
        self.node(node, |node| node.hindrances.clone())
    }

    async fn unlisted_servers(&self, cluster: &str) -> Result<BTreeSet<String>, Failure> {
        self.work(Work::Look, 0);
        Ok(self.look(|state| {
            state
                .world
                .unlisted
                .get(cluster)
                .cloned()
                .unwrap_or_default()
        }))
    }

    async fn unresolved(
        &self,
        _names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        self.nowhere("names")
    }
}

impl Simulated {
    fn nowhere<T>(&self, what: &str) -> Result<T, Failure> {
        self.work(Work::Look, 0);
        let message = format!("a simulated world does not have what a preflight asks of {what}");
        Err(Failure::new("preflight.simulated", message)
            .hint("look at the environment itself: `cutover doctor --environment FILE`"))
    }
}
