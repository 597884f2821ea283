//! The nodes that a described world has where nothing is said of them, by topology.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::environment::Topology;

/// Two control planes and three data planes.
pub(super) fn hybrid() -> BTreeMap<String, Value> {
    let control = json!({ "role": "control_plane", "proxy": null, "rotation": null });
    let data = json!({ "role": "data_plane", "database": null, "declared": { "hash": "5d41402abc4b2a76b9719d911017c592" } });
    let control = (1..=2).map(|at| (format!("cp-{at}"), control.clone()));
    control
        .chain((1..=3).map(|at| (format!("dp-{at}"), data.clone())))
        .collect()
}

/// The nodes of a second side, without the word before their names.
pub(super) fn second(topology: Topology) -> BTreeMap<String, Value> {
    match topology {
        Topology::Hybrid => hybrid(),
        Topology::Traditional | Topology::Dbless => {
            (1..=2).map(|at| (at.to_string(), json!({}))).collect()
        }
    }
}

/// Three nodes, each with the same declarative file.
pub(super) fn dbless() -> BTreeMap<String, Value> {
    let node = json!({ "database": null, "cluster_database": null, "declared": {
        "hash": "5d41402abc4b2a76b9719d911017c592", "from_file": true, "entities": { "services": 4, "routes": 9 },
    } });
    (1..=3)
        .map(|at| (format!("kong-{at}"), node.clone()))
        .collect()
}

/// So many nodes of which nothing is said.
pub(super) fn numbered(count: u64) -> BTreeMap<String, Map<String, Value>> {
    (1..=count)
        .map(|at| (format!("kong-{at}"), Map::new()))
        .collect()
}
