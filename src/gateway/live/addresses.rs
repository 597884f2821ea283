//! From where the nodes of a database connect: the addresses of their hosts, one of which the server sees.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use super::Live;
use super::hosts::Host;
use crate::gateway::Failure;
use crate::host::facts::{ADDRESSES6, ROUTES, addresses};

impl Live {
    /// The addresses of the hosts, other than this one, of all nodes that use `database`. An address that is translated on the way to the
    /// server is not among them.
    pub(super) async fn addresses_of_nodes_on(
        &self,
        database: &str,
    ) -> Result<BTreeSet<IpAddr>, Failure> {
        let clusters = self.environment.clusters.values();
        let uses = clusters.filter(|cluster| cluster.database.as_deref() == Some(database));
        let mut known = BTreeSet::new();
        for node in uses.flat_map(|cluster| &cluster.nodes) {
            let host = self.host(node).await?;
            if matches!(host, Host::Here) {
                continue;
            }
            let routes = host.read_text(Path::new(ROUTES)).await.map_err(|error| {
                let message = format!(
                    "the addresses of the host of `{}` cannot be read: {error}",
                    node.name
                );
                Failure::new("host.addresses", message)
            })?;
            // A kernel without the newer protocol has no such file.
            let newer = host
                .read_text(Path::new(ADDRESSES6))
                .await
                .unwrap_or_default();
            known.extend(addresses(&routes, &newer));
        }
        Ok(known)
    }
}
