//! A preflight of a world that fails: it only looks, so it fails as every look does.

use std::collections::{BTreeMap, BTreeSet};

use super::Faulty;
use crate::gateway::{Administered, Clock, Failure, HostFacts, PlaceFacts, Preflight, ServerFacts};

impl<World: Preflight + Clock> Preflight for Faulty<World> {
    async fn place_facts(&self) -> Result<PlaceFacts, Failure> {
        self.look(self.world.place_facts()).await
    }

    async fn host_facts(&self, node: &str) -> Result<HostFacts, Failure> {
        self.look(self.world.host_facts(node)).await
    }

    async fn server_facts(&self, database: &str) -> Result<Option<ServerFacts>, Failure> {
        self.look(self.world.server_facts(database)).await
    }

    async fn administered(&self, database: &str) -> Result<Administered, Failure> {
        self.look(self.world.administered(database)).await
    }

    async fn hindrances(&self, node: &str) -> Result<Vec<String>, Failure> {
        self.look(self.world.hindrances(node)).await
    }

    async fn unlisted_servers(&self, cluster: &str) -> Result<BTreeSet<String>, Failure> {
        self.look(self.world.unlisted_servers(cluster)).await
    }

    async fn unresolved(
        &self,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        self.look(self.world.unresolved(names)).await
    }
}
