//! Clusters and their nodes, as the inventory describes them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretReference;
use super::error::Problem;
use super::packages::PackageDriver;
use super::ssh::unusable;
use super::topology::{Role, Topology};

/// A Kong cluster: nodes that share one configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// How configuration reaches the nodes.
    #[serde(default)]
    pub topology: Topology,
    /// The database of a traditional cluster, by its name in this file.
    pub database: Option<String>,
    /// The load balancer in front, by its name in this file.
    pub traffic: Option<String>,
    /// The token for the Admin API (`Kong-Admin-Token`), where it wants one.
    pub admin_token: Option<SecretReference>,
    /// The node on whose host another version is tried before any of this cluster gets it, by its name in this file: one that has the version
    /// already, such as a node of a pre-production cluster. Where nothing is said it is tried beside the installed one, on a node's own host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<String>,
    /// The nodes, in the order in which they are stopped and started.
    #[serde(default)]
    pub nodes: Vec<Node>,
}

/// One Kong node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Unique in the file.
    pub name: String,
    /// How commands reach the node's host.
    #[serde(default)]
    pub transport: Transport,
    /// What starts and stops Kong there.
    #[serde(default)]
    pub service: Service,
    /// Where systemd's command is, for a node that is a unit.
    #[serde(default = "systemctl")]
    pub systemctl: PathBuf,
    /// Kong's configuration file, `kong.conf`.
    pub conf: PathBuf,
    /// Kong's working directory, the `prefix` of its configuration.
    pub prefix: PathBuf,
    /// The nginx template of one's own that Kong is started with (`--nginx-conf`), where it is.
    pub nginx_conf: Option<PathBuf>,
    /// How Kong's packages are installed on this node.
    pub packages: PackageDriver,
    /// The files that are adapted to another version beside kong.conf, by what change sets call them: a file (`unit:kong.service`,
    /// `template:nginx_kong.lua`, `environment:kong.env`, `declarative:kong.yml`, `secret:key.pem`; the last two are never told, and replayed from
    /// where the change set says), or a directory with all that is below it (`plugins`).
    #[serde(default)]
    pub files: BTreeMap<String, PathBuf>,
    /// The commands that are run as root on the node's host, by `sudo -n`, as one would type them; `*` at the end stands for any words.
    #[serde(default)]
    pub sudo: Vec<String>,
    /// What the node does, in a hybrid cluster.
    pub role: Option<Role>,
    /// The file with the configuration, in a DB-less cluster whose nodes read one (`declarative_config`).
    pub declarative: Option<PathBuf>,
    /// Base URL of the node's Admin API; a data plane has none.
    pub admin: Option<String>,
    /// Base URL of the node's proxy; a control plane has none.
    pub proxy: Option<String>,
    /// Base URL of the node's encrypted proxy, for checks of `https` URLs.
    pub proxy_tls: Option<String>,
    /// Base URL of the node's Status API, where it listens. It is all that a data plane can be asked at.
    pub status: Option<String>,
}

/// How commands reach a node's host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// The node runs on this machine.
    #[default]
    Local,
    /// The node is reached over SSH: `user@host`, or a name of the client's configuration.
    Ssh(String),
}

/// What starts and stops Kong on a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The `kong` command itself.
    #[default]
    Kong,
    /// A systemd unit.
    Systemd(String),
}

fn systemctl() -> PathBuf {
    "/usr/bin/systemctl".into()
}

/// Whether a program with these words is among those that are `listed` to be run as root.
pub(super) fn wants_sudo(listed: &[String], words: &[String]) -> bool {
    listed.iter().any(|listed| {
        let Some(mut listed) = shlex::split(listed) else {
            return false;
        };
        if listed.last().is_some_and(|last| last == "*") {
            listed.pop();
            return words.starts_with(&listed);
        }
        words == listed
    })
}

impl Cluster {
    /// Whether a node of this cluster reads a database: one of a DB-less cluster and a data plane do not.
    #[must_use]
    pub fn reads_database(&self, node: &Node) -> bool {
        self.topology != Topology::Dbless && node.role != Some(Role::DataPlane)
    }
}

impl Node {
    /// Whether a program with these words is run as root (`sudo -n`).
    #[must_use]
    pub fn wants_sudo(&self, words: &[String]) -> bool {
        wants_sudo(&self.sudo, words)
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        if let Transport::Ssh(destination) = &self.transport
            && let Some(why) = unusable(destination)
        {
            return Err(Problem::destination(&self.name, destination, why));
        }
        self.packages.check(&self.name)
    }
}
