//! What a node is in its cluster, and where it has its configuration from without a database of its own: `role`, `cluster_*`,
//! `declarative_config`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{ConfError, DatabaseKind, Listen};

/// `role` in `kong.conf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It has everything.
    Traditional,
    /// It has the Admin API and gives its configuration to data planes.
    ControlPlane,
    /// It has the proxy and is given its configuration.
    DataPlane,
}

/// `cluster_*` in `kong.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Where a control plane listens for data planes; empty for other nodes.
    pub listen: Vec<Listen>,
    /// Where a data plane finds its control plane: `host:port`.
    pub control_plane: String,
    /// The certificate that all of them share.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// How long a control plane remembers a data plane.
    pub purge_delay: Duration,
    /// How long a data plane waits before it connects again; a practice cluster's own setting, `practice_reconnect`.
    pub reconnect: Option<Duration>,
}

/// Where a node without a database has its configuration from when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declarative {
    /// `declarative_config`.
    File(PathBuf),
    /// `declarative_config_string`.
    Text(String),
}

/// The role, where all that it needs is there.
pub(super) fn role(
    all: &BTreeMap<String, String>,
    database: DatabaseKind,
) -> Result<Role, ConfError> {
    let text = |key: &str| all.get(key).map_or("", String::as_str);
    let is_off = |key: &str| matches!(text(key).trim(), "" | "off");
    let refuse = |told: &str| Err(ConfError::Hybrid(told.to_owned()));
    let role = match text("role") {
        "traditional" => return Ok(Role::Traditional),
        "control_plane" => Role::ControlPlane,
        "data_plane" => Role::DataPlane,
        value => return Err(ConfError::Role(value.to_owned())),
    };
    match role {
        Role::ControlPlane if is_off("admin_listen") => {
            return refuse("admin_listen must be specified when role = \"control_plane\"");
        }
        Role::ControlPlane if is_off("cluster_listen") => {
            return refuse("cluster_listen must be specified when role = \"control_plane\"");
        }
        Role::ControlPlane if database == DatabaseKind::Off => {
            return refuse("in-memory storage can not be used when role = \"control_plane\"");
        }
        Role::DataPlane if is_off("proxy_listen") => {
            return refuse("proxy_listen must be specified when role = \"data_plane\"");
        }
        Role::DataPlane if database != DatabaseKind::Off => {
            return refuse(
                "only in-memory storage can be used when role = \"data_plane\"\nHint: set database = off in your kong.conf",
            );
        }
        _ => {}
    }
    let files = ["cluster_cert", "cluster_cert_key"];
    if files.iter().any(|key| text(key).is_empty()) {
        return refuse("cluster certificate and key must be provided to use Hybrid mode");
    }
    if let Some(key) = files.iter().find(|key| !Path::new(text(key)).exists()) {
        return refuse(&format!("{key}: no such file at {}", text(key)));
    }
    Ok(role)
}

/// Where the configuration comes from, if it is named; the file before the text.
pub(super) fn declarative(file: &str, text: &str) -> Option<Declarative> {
    if !file.is_empty() {
        return Some(Declarative::File(PathBuf::from(file)));
    }
    (!text.is_empty()).then(|| Declarative::Text(text.to_owned()))
}
