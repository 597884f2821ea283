//! What a preflight asks of the world beyond what steps ask: the machine, the hosts of nodes, the database servers.
//!
//! Every question is a look. What cannot be looked at is unknown, with the reason, and never passed for sound.

mod host;
mod place;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use super::Failure;

pub use host::{HostFacts, PidFile};
pub use place::{Dated, Kept, PlaceFacts, StorageFacts, Tried};
pub use server::{
    Administered, KongLock, LeftCopy, Privilege, Seats, ServerFacts, TableSize, Versions,
};

/// Looks before a change.
pub trait Preflight {
    /// This machine, and what the environment file itself refers to.
    async fn place_facts(&self) -> Result<PlaceFacts, Failure>;
    /// The host of a node, and what lies in its prefix.
    async fn host_facts(&self, node: &str) -> Result<HostFacts, Failure>;
    /// Why a node could not be stopped, changed or started again through its host, each with what to do; none where it could.
    async fn hindrances(&self, node: &str) -> Result<Vec<String>, Failure>;
    /// The server of a database; `None` where it has no such database.
    async fn server_facts(&self, database: &str) -> Result<Option<ServerFacts>, Failure>;
    /// What the administering role sees of the server of a database.
    async fn administered(&self, database: &str) -> Result<Administered, Failure>;
    /// Whom the load balancer in front of a cluster sends requests to and the environment does not list, as it calls them; nobody where there
    /// is no load balancer.
    async fn unlisted_servers(&self, cluster: &str) -> Result<BTreeSet<String>, Failure>;
    /// Those of the names that no address is found for, each with the reason.
    async fn unresolved(
        &self,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>, Failure>;
}
