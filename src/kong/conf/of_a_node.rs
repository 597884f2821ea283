//! Settings in which the nodes of one cluster differ by their nature.

/// Why nodes differ in a setting.
const ADDRESS: &str = "each node listens on addresses of its own";
const SEEN: &str = "it is how a node is reached from outside";
const DIRECTORY: &str = "two nodes on one machine have directories of their own";
const IDENTITY: &str = "it tells a node from the others";

/// The settings, and why.
const SETTINGS: [(&str, &str); 10] = [
    ("admin_api_uri", SEEN),
    ("admin_gui_api_url", SEEN),
    ("admin_gui_url", SEEN),
    ("cluster_dp_labels", IDENTITY),
    ("lmdb_environment_path", DIRECTORY),
    ("node_id", IDENTITY),
    ("port_maps", SEEN),
    ("portal_api_url", SEEN),
    ("portal_gui_host", SEEN),
    ("prefix", DIRECTORY),
];

/// Why the nodes of a cluster may differ in a setting; `None` where they should not.
#[must_use]
pub fn differs_between_nodes(key: &str) -> Option<&'static str> {
    if key.ends_with("_listen") {
        return Some(ADDRESS);
    }
    SETTINGS
        .iter()
        .find(|(setting, _)| *setting == key)
        .map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::differs_between_nodes;

    #[test]
    fn addresses_and_directories_are_a_nodes_own() {
        for key in [
            "prefix",
            "proxy_listen",
            "admin_listen",
            "portal_gui_listen",
            "node_id",
        ] {
            assert!(differs_between_nodes(key).is_some(), "{key}");
        }
        // Both sides of a cluster have the same certificate, and every node the same database.
        for key in [
            "pg_host",
            "pg_port",
            "plugins",
            "cluster_cert",
            "cluster_control_plane",
            "listen",
        ] {
            assert_eq!(differs_between_nodes(key), None, "{key}");
        }
    }
}
