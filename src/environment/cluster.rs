//! Clusters and their nodes, as the inventory describes them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretReference;
use super::error::Problem;

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
    /// The nodes, in the order in which they are stopped and started.
    #[serde(default)]
    pub nodes: Vec<Node>,
}

/// How configuration reaches the nodes of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// Every node reads the database.
    #[default]
    Traditional,
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
    /// Kong's configuration file, `kong.conf`.
    pub conf: PathBuf,
    /// Kong's working directory, the `prefix` of its configuration.
    pub prefix: PathBuf,
    /// How Kong's packages are installed on this node.
    pub packages: PackageDriver,
    /// Base URL of the node's Admin API.
    pub admin: String,
    /// Base URL of the node's proxy.
    pub proxy: String,
    /// Base URL of the node's encrypted proxy, for checks of `https` URLs.
    pub proxy_tls: Option<String>,
    /// Base URL of the node's Status API, where it listens.
    pub status: Option<String>,
}

/// How commands reach a node's host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// The node runs on this machine.
    #[default]
    Local,
    /// The node is reached over SSH as `user@host`. Read, and refused by name until it exists.
    Ssh(String),
}

/// What starts and stops Kong on a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The `kong` command itself.
    #[default]
    Kong,
    /// A systemd unit. Read, and refused by name until it exists.
    Systemd(String),
}

/// How Kong's packages are installed on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PackageDriver {
    /// Versions side by side as `PREFIX/kong-VERSION`, the running one behind the link `PREFIX/current`.
    Prefix(PathBuf),
    /// Debian packages through apt. Read, and refused by name until it exists.
    Apt {},
    /// RPM packages through dnf. Read, and refused by name until it exists.
    Dnf {},
    /// A `.deb` file. Read, and refused by name until it exists.
    Deb {},
    /// An `.rpm` file. Read, and refused by name until it exists.
    Rpm {},
}

impl Node {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if matches!(self.transport, Transport::Ssh(_)) {
            return Err(Problem::unsupported(
                &self.name,
                "transport",
                "ssh",
                "transport = \"local\"",
            ));
        }
        if matches!(self.service, Service::Systemd(_)) {
            return Err(Problem::unsupported(
                &self.name,
                "service",
                "systemd",
                "service = \"kong\"",
            ));
        }
        let driver = match self.packages {
            PackageDriver::Prefix(_) => return Ok(()),
            PackageDriver::Apt {} => "apt",
            PackageDriver::Dnf {} => "dnf",
            PackageDriver::Deb {} => "deb",
            PackageDriver::Rpm {} => "rpm",
        };
        Err(Problem::unsupported(
            &self.name,
            "package driver",
            driver,
            "packages = { prefix = \"/opt/kong\" }",
        ))
    }
}
