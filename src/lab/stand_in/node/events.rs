//! Eventual consistency: what a write makes stale, how other nodes hear of it, and when a node rebuilds.
//!
//! A write only marks things stale; two timers, as in Kong, poll the announcements and rebuild. Credentials are cached until
//! somebody invalidates them, which is why a database swapped under a node does not show.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::Node;
use super::hybrid::PUSHES;
use super::schema::{Entity, Object};
use super::store::{Store, StoreError};
use crate::lab::stand_in::conf::Role;

/// The channel of cache invalidations.
const INVALIDATIONS: &str = "invalidations";

/// The channel of changes to upstreams and targets.
const BALANCER: &str = "balancer:upstreams";

/// What has to be rebuilt.
#[derive(Debug, Default)]
pub(super) struct Stale {
    pub(super) router: AtomicBool,
    pub(super) plugins: AtomicBool,
    pub(super) balancer: AtomicBool,
}

impl Stale {
    /// Marks everything.
    pub(super) fn all(&self) {
        for part in [&self.router, &self.plugins, &self.balancer] {
            part.store(true, Ordering::Relaxed);
        }
    }

    fn note(&self, channel: &str, key: &str) {
        match key {
            _ if channel == BALANCER => self.balancer.store(true, Ordering::Relaxed),
            "router:version" => self.router.store(true, Ordering::Relaxed),
            "plugins_iterator:version" => self.plugins.store(true, Ordering::Relaxed),
            _ => {}
        }
    }
}

/// What was done to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is new.
    Created,
    /// It is another or gone.
    Altered,
}

/// Makes `node` and, through the table, all others forget what the change of an entity made stale.
pub(super) async fn changed(
    node: &Node,
    store: Store<'_>,
    entity: &Entity,
    shown: &Object,
    change: Change,
) -> Result<(), StoreError> {
    let workspace = store.workspace().await?;
    let text = |name: &str| {
        shown
            .get(name)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
    };
    let reference = |name: &str| {
        let id = shown.get(name).and_then(|value| value["id"].as_str());
        id.unwrap_or_default().to_owned()
    };
    let table = entity.table.as_str();
    let id_key = format!("{table}:{}:::::{workspace}", text("id"));
    let mut events = Vec::new();
    match table {
        "keyauth_credentials" | "basicauth_credentials" => {
            events.push((
                INVALIDATIONS,
                format!("{table}:{}:::::{workspace}", text(&entity.key)),
            ));
        }
        "acls" => {
            events.push((
                INVALIDATIONS,
                format!(
                    "{table}:{}:{}::::{workspace}",
                    reference("consumer"),
                    text("group")
                ),
            ));
        }
        "plugins" => {
            events.push((
                INVALIDATIONS,
                format!(
                    "plugins:{}:{}:{}:{}::{workspace}",
                    text("name"),
                    reference("route"),
                    reference("service"),
                    reference("consumer"),
                ),
            ));
            events.push((INVALIDATIONS, "plugins_iterator:version".to_owned()));
        }
        "upstreams" | "targets" => {
            events.push((INVALIDATIONS, id_key));
            events.push((BALANCER, format!("{table}:{}", text("id"))));
        }
        "consumers" => {
            events.push((INVALIDATIONS, id_key));
            events.push((
                INVALIDATIONS,
                format!("{table}:{}:::::{workspace}", text("username")),
            ));
        }
        _ => events.push((INVALIDATIONS, id_key)),
    }
    // A new service has no routes yet, so it changes nothing that is routed.
    if table == "routes" || (table == "services" && change == Change::Altered) {
        events.push((INVALIDATIONS, "router:version".to_owned()));
    }
    for (channel, key) in events {
        heed(node, channel, &key);
        store.announce(channel, &key).await?;
    }
    if node.settings.role == Role::ControlPlane {
        node.changes.note();
        let operation = match change {
            Change::Created => "create",
            Change::Altered => "update",
        };
        store
            .announce(PUSHES, &format!("{table}:{operation}"))
            .await?;
    }
    Ok(())
}

/// Polls the other nodes' announcements for as long as the node runs.
pub(super) async fn poll(node: Arc<Node>) {
    // Events carry the database's clock; a little overlap costs nothing, since heeding one twice is harmless.
    let mut since = Timestamp::now() - SignedDuration::from_secs(1);
    loop {
        tokio::time::sleep(node.settings.db_update_frequency).await;
        match node.store().announced(since).await {
            Ok((events, last)) => {
                since = last;
                if !events.is_empty() {
                    tokio::time::sleep(node.settings.db_update_propagation).await;
                }
                for (channel, key) in events {
                    heed(&node, &channel, &key);
                }
            }
            Err(error) => tracing::warn!("cannot poll the cluster's events: {error}"),
        }
    }
}

/// Rebuilds what is stale for as long as the node runs.
pub(super) async fn rebuild(node: Arc<Node>) {
    loop {
        tokio::time::sleep(node.settings.worker_state_update_frequency).await;
        node.rebuild_stale().await;
    }
}

fn heed(node: &Node, channel: &str, key: &str) {
    if channel == PUSHES {
        return node.changes.note();
    }
    node.stale.note(channel, key);
    let mut parts = key.split(':');
    match (parts.next(), parts.next()) {
        (Some(table @ ("keyauth_credentials" | "basicauth_credentials")), Some(name)) => {
            node.credentials.forget(table, name);
        }
        (Some("acls"), Some(consumer)) => node.groups.forget(consumer),
        (Some("consumers"), Some(consumer)) => {
            node.credentials.forget_consumer(consumer);
            node.groups.forget(consumer);
        }
        _ => {}
    }
}
