//! The environment as scripts see it: names, and how they hang together.

use crate::environment::{Cluster, Environment, Role};
use crate::script::{Inventory, InventoryCluster};

/// What a script may know of an environment.
pub(super) fn inventory(environment: &Environment) -> Inventory {
    let cluster = |(name, cluster): (&String, &Cluster)| {
        let of = |role: Option<Role>| {
            let nodes = cluster.nodes.iter();
            let of = nodes.filter(|node| role.is_none_or(|role| node.role == Some(role)));
            of.map(|node| node.name.clone()).collect()
        };
        let known = InventoryCluster {
            topology: cluster.topology,
            nodes: of(None),
            control_planes: of(Some(Role::ControlPlane)),
            data_planes: of(Some(Role::DataPlane)),
            declarative: {
                let nodes = cluster.nodes.iter();
                let from_files = nodes.filter(|node| node.declarative.is_some());
                from_files.map(|node| node.name.clone()).collect()
            },
            database: cluster.database.clone(),
            traffic: cluster.traffic.clone(),
        };
        (name.clone(), known)
    };
    Inventory {
        environment: environment.name.clone(),
        clusters: environment.clusters.iter().map(cluster).collect(),
        databases: (environment.database_names().into_iter())
            .map(str::to_owned)
            .collect(),
    }
}
