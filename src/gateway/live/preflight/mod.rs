//! Looks before a change: at this machine, at the hosts of nodes, at servers, at names.

mod hindrances;
mod host;
mod names;
mod place;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use host::pid_file;

use super::{Live, postgres};
use crate::gateway::{Administered, Failure, HostFacts, PlaceFacts, Preflight, ServerFacts};

impl Preflight for Live {
    async fn place_facts(&self) -> Result<PlaceFacts, Failure> {
        Ok(PlaceFacts {
            storage: place::storage(&self.environment.storage.path),
            secrets: place::secrets(&self.environment).await,
            redis: place::redis(&self.environment).await,
            certificates: place::certificates(&self.environment),
        })
    }

    async fn host_facts(&self, node: &str) -> Result<HostFacts, Failure> {
        self.host_of(node).await
    }

    async fn hindrances(&self, node: &str) -> Result<Vec<String>, Failure> {
        self.hindrances_of(node).await
    }

    async fn server_facts(&self, database: &str) -> Result<Option<ServerFacts>, Failure> {
        let database = self.database(database)?;
        Ok(Box::pin(postgres::server_facts(&database)).await?)
    }

    async fn administered(&self, database: &str) -> Result<Administered, Failure> {
        let database = self.database(database)?;
        Ok(Box::pin(postgres::administered(&self.environment, &database)).await?)
    }

    async fn unlisted_servers(&self, cluster: &str) -> Result<BTreeSet<String>, Failure> {
        self.unlisted(cluster).await
    }

    async fn unresolved(
        &self,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        Ok(names::unresolved(names).await)
    }
}
