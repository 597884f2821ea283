//! Hybrid mode: control planes, which have the database, give data planes what they serve.
//!
//! As in Kong a data plane connects by TLS with the certificate that all share, speaks WebSocket at `/v1/outlet`, says what plugins
//! it has, and pings with the hash of its configuration; a control plane answers with configurations, JSON packed by gzip.

mod compatibility;
mod control_plane;
mod data_plane;
mod data_planes;
mod hash;
mod payload;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::super::conf::{Role, Settings};
use super::{Node, NodeError};
use crate::kong::Version;
use control_plane::Control;
use tls::Shared;

pub(super) use data_planes::all as data_planes;

/// Where data planes connect.
const OUTLET: &str = "/v1/outlet";

/// The channel on which control planes tell each other that there is something to give.
pub(super) const PUSHES: &str = "clustering:push_config";

/// How often a data plane pings, and after how long without a ping it is given up.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(45);

/// How long a connection may take to come about.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The file, in its prefix, of a data plane's id, which since 3.x stays the same over restarts.
const ID_FILE: &str = "kong.id";

/// What a data plane says first.
#[derive(Debug, Serialize, Deserialize)]
struct BasicInfo {
    /// `basic_info`.
    #[serde(rename = "type")]
    kind: String,
    plugins: Vec<PluginVersion>,
}

/// A plugin that a node has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PluginVersion {
    name: String,
    #[serde(default)]
    version: Option<String>,
}

/// Does in `tasks` what the node's role asks of it: takes data planes at `listeners` until `stopped`, or follows a control plane.
pub(super) fn join(
    node: &Arc<Node>,
    listeners: Vec<TcpListener>,
    stopped: &watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<(), NodeError> {
    let unfit = |error: rustls::Error| NodeError::Cluster(error.to_string());
    let shared = || Shared::of(&node.settings.cluster);
    match node.settings.role {
        Role::Traditional => {}
        Role::DataPlane => {
            let connector = shared()?.connector().map_err(unfit)?;
            tasks.spawn(data_plane::follow(Arc::clone(node), connector));
        }
        Role::ControlPlane => {
            let shared = shared()?;
            let (pushed, _) = watch::channel(None);
            let control = Arc::new(Control {
                node: Arc::clone(node),
                pushed: pushed.clone(),
                acceptor: shared.acceptor().map_err(unfit)?,
                expiry: shared.expiry(),
            });
            tasks.spawn(control_plane::push(Arc::clone(node), pushed));
            for listener in listeners {
                let control = Arc::clone(&control);
                tasks.spawn(control_plane::serve(control, listener, stopped.clone()));
            }
        }
    }
    Ok(())
}

impl Node {
    /// The plugins that it has, all of the node's own version, as Kong's are since 3.0.
    fn plugin_versions(&self) -> Vec<PluginVersion> {
        let bundled = self.facts.plugin_priorities.keys().map(String::as_str);
        let custom = self.custom_plugins().map(|(name, _)| *name);
        let plugin = |name: &str| PluginVersion {
            name: name.to_owned(),
            version: Some(self.version.to_string()),
        };
        bundled.chain(custom).map(plugin).collect()
    }
}

/// Wakes whoever gives the configuration to data planes.
#[derive(Debug, Default)]
pub(super) struct Changes(Notify);

impl Changes {
    /// Says that there is something new.
    pub(super) fn note(&self) {
        self.0.notify_one();
    }

    async fn noted(&self) {
        self.0.notified().await;
    }
}

/// The id of a node that starts.
pub(super) fn node_id(version: &Version, settings: &Settings) -> Uuid {
    if settings.role != Role::DataPlane || !version.is_at_least(3, 0) {
        return Uuid::new_v4();
    }
    let path = settings.prefix.join(ID_FILE);
    let kept = std::fs::read_to_string(&path).ok();
    if let Some(id) = kept.and_then(|text| text.trim().parse().ok()) {
        return id;
    }
    let id = Uuid::new_v4();
    if let Err(error) = std::fs::write(&path, id.to_string()) {
        tracing::warn!("cannot keep the node's id: {error}");
    }
    id
}
