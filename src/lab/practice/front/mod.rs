//! What stands in front of the nodes: the practice cluster's own small load balancer, or a real one.

mod haproxy;
mod kong_upstream;
mod nginx;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::super::balancer::State;
use super::ledger::Ledger;
use super::nodes::Addresses;
use super::status::Rotation;
use super::{Access, PracticeError, PracticeNode, foreign};
pub(super) use haproxy::{KEY, OTHER_BACKEND};
pub(super) use kong_upstream::EDGES;

use crate::haproxy::{Address, Administrative, Haproxy};

/// The kinds of load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FrontKind {
    /// The practice cluster's own.
    #[default]
    Practice,
    /// HAProxy, from the distribution.
    Haproxy,
    /// The same, with a map that sends all clients to one side.
    HaproxyMap,
    /// nginx, from the distribution.
    Nginx,
    /// A Kong of its own, of two nodes.
    KongUpstream,
}

/// The load balancer of a cluster that is up, and how it is told what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Front {
    /// The practice cluster's own.
    Practice {
        /// Base URL of its control interface.
        control: String,
    },
    /// HAProxy.
    Haproxy {
        /// Its runtime socket.
        socket: PathBuf,
        /// Where its servers' states are kept over a reload.
        state_file: PathBuf,
        /// The map's file, where it says which side has the clients.
        map: Option<PathBuf>,
    },
    /// nginx.
    Nginx {
        /// The file that holds the upstream.
        upstream_file: PathBuf,
        /// The file with its master's number.
        pid_file: PathBuf,
        /// Its configuration.
        configuration: PathBuf,
        /// What stands behind `server` for each node.
        servers: BTreeMap<String, String>,
    },
    /// Kong.
    KongUpstream {
        /// Its nodes. Clients use the first.
        edges: Vec<PracticeNode>,
        /// The target of its upstream that each node is.
        servers: BTreeMap<String, String>,
    },
}

/// The name of HAProxy's backend and of nginx's and Kong's upstream, whose servers are the nodes.
pub(super) const BACKEND: &str = "kong";

impl FrontKind {
    /// Refuses what is not installed, before anything is made.
    pub(super) fn require(self) -> Result<(), PracticeError> {
        let program = match self {
            Self::Practice | Self::KongUpstream => return Ok(()),
            Self::Haproxy | Self::HaproxyMap => haproxy::PROGRAM,
            Self::Nginx => nginx::PROGRAM,
        };
        foreign::require(program)
    }
}

impl Front {
    /// What a node gets, as far as the load balancer tells.
    pub(super) async fn rotation(&self, node: &str) -> Option<Rotation> {
        match self {
            Self::Practice { control } => super::status::of_practice(control, node).await,
            Self::Haproxy { socket, map, .. } => {
                let haproxy = Haproxy::at(Address::Socket(socket.clone()));
                let (backend, server) = haproxy::server(&haproxy, node).await?;
                let chosen = match map {
                    Some(map) => haproxy.map_value(map.to_str()?, KEY).await.ok()??,
                    None => backend.to_owned(),
                };
                let state = match server.administrative {
                    Administrative::Ready if chosen == backend => State::Ready,
                    Administrative::Ready | Administrative::Drain => State::Drain,
                    Administrative::Maintenance => return None,
                };
                Some(Rotation {
                    weight: server.weight,
                    state,
                    in_flight: server.in_flight,
                })
            }
            // Neither tells what is in flight.
            Self::Nginx { .. } | Self::KongUpstream { .. } => None,
        }
    }
}

/// A node behind a load balancer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind<'a> {
    pub(super) node: &'a PracticeNode,
    /// Whether clients are sent to it from the beginning.
    pub(super) serves: bool,
}

impl Behind<'_> {
    /// Where it takes requests, without the scheme.
    pub(super) fn address(&self) -> &str {
        self.node.proxy.trim_start_matches("http://")
    }
}

/// What a real load balancer finds in the practice cluster.
pub(super) struct Place<'a> {
    /// The cluster's directory.
    pub(super) cluster: &'a Path,
    /// Where clients are to reach it.
    pub(super) listen: SocketAddr,
    /// Ports for a Kong in front: those of each of [`EDGES`].
    pub(super) edges: Vec<Addresses>,
    /// The directory of the database's socket.
    pub(super) socket: &'a Path,
    /// How a Kong in front reaches its database.
    pub(super) access: &'a Access,
    /// The `cutover` binary.
    pub(super) binary: &'a Path,
}

/// Starts a real load balancer in front of `nodes`, and enters what it is of in the `ledger` of the cluster.
pub(super) async fn start(
    kind: FrontKind,
    place: &Place<'_>,
    ledger: &mut Ledger,
    nodes: &[Behind<'_>],
    weight: u16,
) -> Result<Front, PracticeError> {
    let (cluster, listen) = (place.cluster, place.listen);
    match kind {
        FrontKind::Nginx => nginx::start(cluster, ledger, listen, nodes, weight).await,
        FrontKind::KongUpstream => kong_upstream::start(place, nodes, weight).await,
        FrontKind::HaproxyMap => haproxy::start(cluster, ledger, listen, nodes, weight, true).await,
        FrontKind::Haproxy | FrontKind::Practice => {
            haproxy::start(cluster, ledger, listen, nodes, weight, false).await
        }
    }
}
