//! The practice cluster: stand-in nodes, most often two on a private PostgreSQL, behind a load balancer, with an echo server behind
//! them.
//!
//! Everything is in one directory, which also remembers what was started. It knows how to bring the cluster up, take it down, say
//! how it is and break it on purpose; it refuses to know the inventory's types (it writes that file as a stranger would) and how
//! anything is shown.

mod commands;
mod database;
mod error;
mod fault;
mod files;
mod foreign;
mod front;
mod hardening;
mod ledger;
mod nodes;
mod parts;
mod planes;
mod ports;
mod process;
mod prove;
mod redis;
mod status;
mod take_down;
mod topology;
mod up;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use database::Access;
pub use error::PracticeError;
pub use fault::{Fault, fault};
pub use front::{Front, FrontKind};
pub use hardening::{Hardening, Security};
pub use nodes::PracticeNode;
pub use parts::main;
pub use process::Process;
pub use prove::prove;
pub use status::{NodeStatus, Rotation, Status, status};
pub use take_down::{Remains, down};
pub use topology::{Role, Topology};
pub use up::{Options, up};

use super::seed::Seeded;

/// The name of the environment and of its cluster.
pub const NAME: &str = "practice";

/// The name of the other side's cluster and of its database.
pub const GREEN: &str = "green";

/// The file that describes a cluster which is up.
const RECORD: &str = "practice.json";

/// A practice cluster that was brought up, as `practice.json` in its directory holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Practice {
    /// The cluster's directory, absolute.
    pub directory: PathBuf,
    /// The environment file to run playbooks with.
    pub environment: PathBuf,
    /// The directory of PostgreSQL's socket: `DIRECTORY/socket`, or a short one elsewhere where that will not do.
    pub socket: PathBuf,
    /// How the gateway's role reaches its database, where the topology has one.
    pub access: Access,
    /// What the nodes are to each other.
    #[serde(default)]
    pub topology: Topology,
    /// The nodes, in the order in which they are stopped and started.
    pub nodes: Vec<PracticeNode>,
    /// The nodes of the other side, which were never started and whose database is yet to be made.
    #[serde(default)]
    pub green: Vec<PracticeNode>,
    /// Base URL that clients use: the load balancer's.
    pub url: String,
    /// The load balancer.
    pub front: Front,
    /// Where a Redis listens in which the nodes count, if there is one.
    #[serde(default)]
    pub redis: Option<SocketAddr>,
    /// Base URL of the echo server behind the nodes.
    pub upstream: String,
    /// What the gateway was configured with.
    pub seeded: Seeded,
    /// The checks without key and host, as playbooks take them: `/a=200,/b=404`.
    pub checks: String,
    /// A path that is passed on to the echo server without being counted, for load.
    pub unlimited_path: String,
}

impl Practice {
    /// The cluster in `directory`, which must have been brought up to its end.
    pub fn open(directory: &Path) -> Result<Self, PracticeError> {
        let path = directory.join(RECORD);
        if !path.exists() {
            let directory = directory.to_owned();
            return Err(if directory.join(ledger::LEDGER).exists() {
                PracticeError::Incomplete { directory }
            } else {
                PracticeError::NotThere { directory }
            });
        }
        files::read_json(&path)
    }

    /// The nodes of both sides.
    pub fn all_nodes(&self) -> impl Iterator<Item = &PracticeNode> {
        self.nodes.iter().chain(&self.green)
    }

    /// The node called `name`.
    pub fn node(&self, name: &str) -> Result<&PracticeNode, PracticeError> {
        let node = self.all_nodes().find(|node| node.name == name);
        node.ok_or_else(|| PracticeError::UnknownNode {
            name: name.to_owned(),
            known: self.all_nodes().map(|node| node.name.clone()).collect(),
        })
    }
}
