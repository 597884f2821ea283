//! Whether a cluster is ready for a backup, a restore or a migration: every node up and asked, one schema, one version, nothing moving.
//!
//! Each node is asked, since gossip is each node's own opinion: one that is cut off sees the others down, and they it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::Seen;
use crate::host::cassandra::Id;
use crate::host::cassandra::answers::{Liveness, NodeStatus};

/// Why a cluster is not ready.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unready {
    /// No node was asked.
    NoNode,
    /// A node sees another, or itself, down.
    Down {
        /// Which.
        address: String,
    },
    /// A node is joining, leaving or moving.
    Moving {
        /// Which.
        address: String,
    },
    /// A node of the ring was not asked: its part of the rows would be missing.
    NotAsked {
        /// Which.
        address: String,
    },
    /// A node that was asked is not in another's ring.
    NotInRing {
        /// Which.
        host: Id,
    },
    /// A node does not talk to the others.
    NoGossip {
        /// Which.
        host: Id,
    },
    /// A node takes no clients.
    NoClients {
        /// Which.
        host: Id,
    },
    /// A node sends or gets parts of tables.
    Streaming {
        /// Which.
        host: Id,
        /// What for.
        plans: Vec<String>,
    },
    /// Nodes have several schemas, or did not say which.
    Schemas {
        /// How many there are.
        schemas: usize,
        /// Who did not say.
        unreachable: Vec<String>,
    },
    /// Nodes run several versions.
    Releases(Vec<String>),
    /// Nodes are of several clusters.
    Clusters(Vec<String>),
}

/// All reasons, in one order.
#[must_use]
pub fn unready(seen: &[Seen]) -> Vec<Unready> {
    let mut reasons = BTreeSet::new();
    if seen.is_empty() {
        reasons.insert(Unready::NoNode);
    }
    let asked: BTreeSet<Id> = seen.iter().map(|one| one.information.host).collect();
    let mut schemas: BTreeSet<Id> = BTreeSet::new();
    for one in seen {
        let host = one.information.host;
        reasons.extend(one.status.iter().filter_map(|node| of_node(node, &asked)));
        let ring: BTreeSet<Id> = one.status.iter().filter_map(|node| node.host).collect();
        reasons.extend(
            asked
                .difference(&ring)
                .map(|host| Unready::NotInRing { host: *host }),
        );
        if !one.information.gossips {
            reasons.insert(Unready::NoGossip { host });
        }
        if !one.information.takes_clients {
            reasons.insert(Unready::NoClients { host });
        }
        if !one.streams.is_quiet() {
            let plans = one.streams.plans.clone();
            reasons.insert(Unready::Streaming { host, plans });
        }
        schemas.extend(one.cluster.schemas.keys().copied());
    }
    let unreachable: BTreeSet<&String> = seen
        .iter()
        .flat_map(|one| &one.cluster.unreachable)
        .collect();
    if schemas.len() > 1 || !unreachable.is_empty() {
        reasons.insert(Unready::Schemas {
            schemas: schemas.len(),
            unreachable: unreachable.into_iter().cloned().collect(),
        });
    }
    // From 4.0 on a node also tells which versions the others run.
    let own = seen.iter().map(|one| one.release.to_string());
    let told = seen
        .iter()
        .flat_map(|one| one.cluster.releases.keys().cloned());
    reasons.extend(several(own.chain(told)).map(Unready::Releases));
    let clusters = seen
        .iter()
        .map(|one| format!("{} ({})", one.cluster.name, one.cluster.partitioner));
    reasons.extend(several(clusters).map(Unready::Clusters));
    reasons.into_iter().collect()
}

fn of_node(node: &NodeStatus, asked: &BTreeSet<Id>) -> Option<Unready> {
    let address = node.address.clone();
    if node.liveness != Liveness::Up {
        Some(Unready::Down { address })
    } else if !node.is_ready() {
        Some(Unready::Moving { address })
    } else if node.host.is_none_or(|host| !asked.contains(&host)) {
        Some(Unready::NotAsked { address })
    } else {
        None
    }
}

fn several(all: impl Iterator<Item = String>) -> Option<Vec<String>> {
    let different: BTreeSet<String> = all.collect();
    (different.len() > 1).then(|| different.into_iter().collect())
}

impl Unready {
    /// What helps.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoNode | Self::NotAsked { .. } => {
                "name every node of the cluster in the environment"
            }
            Self::Down { .. } => "start it, and wait until `nodetool status` says UN on every node",
            Self::Moving { .. } | Self::Streaming { .. } => {
                "wait until it is done: `nodetool netstats`"
            }
            Self::NotInRing { .. } => {
                "name only nodes of this cluster; if it is one, look for a partition of the network"
            }
            Self::NoGossip { .. } => "run `nodetool enablegossip` on it",
            Self::NoClients { .. } => "run `nodetool enablebinary` on it",
            Self::Schemas { .. } => {
                "wait a minute; if they stay apart, restart the nodes of the smaller part one by one"
            }
            Self::Releases(_) => {
                "finish the upgrade of Cassandra first, `nodetool upgradesstables` included"
            }
            Self::Clusters(_) => "name only nodes of one cluster in the environment",
        }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNode => write!(f, "no node was asked"),
            Self::Down { address } => write!(f, "the node `{address}` is down"),
            Self::Moving { address } => {
                write!(f, "the node `{address}` is joining, leaving or moving")
            }
            Self::NotAsked { address } => {
                write!(f, "the node `{address}` is in the ring and was not asked")
            }
            Self::NotInRing { host } => {
                write!(f, "the node `{host}` is not in the ring of every node")
            }
            Self::NoGossip { host } => write!(f, "the node `{host}` does not talk to the others"),
            Self::NoClients { host } => write!(f, "the node `{host}` takes no clients"),
            Self::Streaming { host, plans } => {
                let plans = if plans.is_empty() {
                    "another mode".to_owned()
                } else {
                    plans.join(", ")
                };
                write!(f, "the node `{host}` is busy with {plans}")
            }
            Self::Schemas {
                schemas,
                unreachable,
            } if unreachable.is_empty() => write!(f, "the nodes have {schemas} schemas"),
            Self::Schemas { unreachable, .. } => write!(
                f,
                "the schema is not known of `{}`",
                unreachable.join("`, `")
            ),
            Self::Releases(releases) => write!(
                f,
                "the nodes run different versions: {}",
                releases.join(", ")
            ),
            Self::Clusters(clusters) => write!(
                f,
                "the nodes are of different clusters: {}",
                clusters.join(", ")
            ),
        }
    }
}
