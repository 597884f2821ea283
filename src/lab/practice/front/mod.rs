//! What stands in front of the nodes: the practice cluster's own small load balancer, or a real one.

mod haproxy;
mod nginx;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::super::balancer::State;
use super::ledger::Ledger;
use super::status::Rotation;
use super::{PracticeError, PracticeNode, foreign};
use crate::haproxy::{Address, Administrative, Haproxy};

/// The kinds of load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FrontKind {
    /// The practice cluster's own.
    #[default]
    Practice,
    /// HAProxy, from the distribution.
    Haproxy,
    /// nginx, from the distribution.
    Nginx,
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
}

/// The name of HAProxy's backend and of nginx's upstream, whose servers are the nodes.
pub(super) const BACKEND: &str = "kong";

impl FrontKind {
    /// Refuses what is not installed, before anything is made.
    pub(super) fn require(self) -> Result<(), PracticeError> {
        let program = match self {
            Self::Practice => return Ok(()),
            Self::Haproxy => haproxy::PROGRAM,
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
            Self::Haproxy { socket, .. } => {
                let haproxy = Haproxy::at(Address::Socket(socket.clone()));
                let server = haproxy.server(BACKEND, node).await.ok()??;
                let state = match server.administrative {
                    Administrative::Ready => State::Ready,
                    Administrative::Drain => State::Drain,
                    Administrative::Maintenance => return None,
                };
                Some(Rotation {
                    weight: server.weight,
                    state,
                    in_flight: server.in_flight,
                })
            }
            // It tells nothing of itself.
            Self::Nginx { .. } => None,
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

/// Starts a real load balancer in front of `nodes`, for clients at `listen`, and enters it in the `ledger` of `cluster`.
pub(super) async fn start(
    kind: FrontKind,
    cluster: &Path,
    ledger: &mut Ledger,
    listen: SocketAddr,
    nodes: &[Behind<'_>],
    weight: u16,
) -> Result<Front, PracticeError> {
    if kind == FrontKind::Nginx {
        nginx::start(cluster, ledger, listen, nodes, weight).await
    } else {
        haproxy::start(cluster, ledger, listen, nodes, weight).await
    }
}
