//! The data planes that a control plane lists, told apart by the ids that they keep in their prefixes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::environment::{Cluster, Role};
use crate::gateway::live::Live;
use crate::gateway::{DataPlane, Failure, NO_CONFIGURATION};

/// Where a data plane keeps its id, in its prefix, since Kong 3.1.
const ID: &str = "kong.id";

impl Live {
    pub(super) async fn listed_data_planes(&self, node: &str) -> Result<Vec<DataPlane>, Failure> {
        let listed = self.admin_list(node, "/clustering/data-planes").await?;
        let listed = listed.ok_or_else(|| {
            let message = format!("`{node}` lists no data planes");
            Failure::new("kong.data_planes.none", message)
                .hint("is its `role` in kong.conf `control_plane`?")
        })?;
        let (cluster, _) = self.node(node).await?;
        let ids = self.ids_of_data_planes(&cluster).await;
        let now = Timestamp::now().as_second();
        Ok(listed.iter().map(|entry| read(entry, &ids, now)).collect())
    }

    /// The names of the cluster's data planes by their ids, as far as they have one.
    async fn ids_of_data_planes(&self, cluster: &Cluster) -> BTreeMap<String, String> {
        let mut ids = BTreeMap::new();
        let planes = cluster.nodes.iter();
        for plane in planes.filter(|node| node.role == Some(Role::DataPlane)) {
            let Ok(host) = self.host(plane).await else {
                continue;
            };
            if let Ok(id) = host.read_text(&plane.prefix.join(ID)).await {
                ids.insert(id.trim().to_owned(), plane.name.clone());
            }
        }
        ids
    }
}

fn read(entry: &Value, ids: &BTreeMap<String, String>, now: i64) -> DataPlane {
    let text = |key: &str| entry[key].as_str().map(str::to_owned);
    let id = text("id").unwrap_or_default();
    let seen = entry["last_seen"].as_i64().unwrap_or_default();
    DataPlane {
        node: ids.get(&id).cloned(),
        hostname: text("hostname").unwrap_or_default(),
        ip: text("ip").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        sync_status: text("sync_status").unwrap_or_else(|| "unknown".to_owned()),
        configuration_hash: text("config_hash").unwrap_or_else(|| NO_CONFIGURATION.to_owned()),
        seen_seconds_ago: now.saturating_sub(seen).max(0).unsigned_abs(),
        id,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_the_node_whose_prefix_has_its_id() {
        let ids = BTreeMap::from([("a9a3".to_owned(), "dp-1".to_owned())]);
        let entry = json!({ "id": "a9a3", "hostname": "edge", "ip": "10.0.0.4", "version": "3.4.2",
            "sync_status": "normal", "config_hash": "0f", "last_seen": 90 });
        let plane = read(&entry, &ids, 100);
        assert_eq!(
            (plane.node.as_deref(), plane.seen_seconds_ago),
            (Some("dp-1"), 10)
        );
        // One from the time before ids were kept, and a clock that is behind.
        let plane = read(&json!({ "id": "b", "last_seen": 101 }), &ids, 100);
        assert_eq!((plane.node, plane.seen_seconds_ago), (None, 0));
        assert_eq!(
            (
                plane.sync_status.as_str(),
                plane.configuration_hash.as_str()
            ),
            ("unknown", NO_CONFIGURATION)
        );
    }
}
