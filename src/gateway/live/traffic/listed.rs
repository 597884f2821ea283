//! Whom a load balancer sends requests to, beside those that are told.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;

use super::super::{Live, web};
use super::{Balancer, nginx};
use crate::environment::TrafficKind;
use crate::gateway::Failure;
use crate::haproxy::{Address, Haproxy};

/// What the practice load balancer tells of a node that matters here.
#[derive(Deserialize)]
struct Listed {
    name: String,
}

impl Live {
    /// The servers of the load balancer in front of `cluster` that are no node of the environment.
    pub(in crate::gateway::live) async fn unlisted(
        &self,
        cluster: &str,
    ) -> Result<BTreeSet<String>, Failure> {
        let clusters = &self.environment.clusters;
        let name = clusters
            .get(cluster)
            .and_then(|cluster| cluster.traffic.as_ref());
        let found = name.and_then(|name| Some((name, self.environment.traffic.get(name)?)));
        let Some((name, balancer)) = found else {
            return Ok(BTreeSet::new());
        };
        let behind = clusters
            .iter()
            .filter(|(other, of)| {
                of.traffic.as_ref() == Some(name)
                    && balancer.backend_of(other) == balancer.backend_of(cluster)
            })
            .flat_map(|(_, of)| &of.nodes);
        let known: BTreeSet<&str> = behind.map(|node| balancer.server(&node.name)).collect();
        let mut servers = self.servers(cluster, balancer).await?;
        servers
            .retain(|server| !known.contains(server.as_str()) && !balancer.others.contains(server));
        Ok(servers)
    }

    async fn servers(
        &self,
        cluster: &str,
        balancer: &Balancer,
    ) -> Result<BTreeSet<String>, Failure> {
        let mut all = BTreeSet::new();
        match balancer.kind {
            TrafficKind::Haproxy => {
                for socket in &balancer.sockets {
                    let haproxy = Haproxy::at(Address::of(socket));
                    all.extend(haproxy.servers(balancer.backend_of(cluster)).await?);
                }
            }
            TrafficKind::Nginx => all.extend(nginx::listed(balancer)?),
            TrafficKind::KongUpstream => {
                for edge in self.edges(balancer).await? {
                    all.extend(edge.targets().await?);
                }
            }
            TrafficKind::Practice => {
                let control = balancer.control.as_deref().unwrap_or_default();
                let url = format!("{}/nodes", control.trim_end_matches('/'));
                let unreachable = |error: reqwest::Error| {
                    let message =
                        format!("the load balancer does not answer: {}", web::words(&error));
                    Failure::new("traffic.unreachable", message)
                };
                let answer = self.client.request(Method::GET, &url)?.send().await;
                let nodes: Vec<Listed> = answer
                    .map_err(unreachable)?
                    .json()
                    .await
                    .map_err(unreachable)?;
                all.extend(nodes.into_iter().map(|node| node.name));
            }
            TrafficKind::Command => {
                let message =
                    "a load balancer behind commands tells of no node but those it is asked about";
                return Err(Failure::new("traffic.unknown", message));
            }
        }
        Ok(all)
    }
}
