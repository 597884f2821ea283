//! How configuration reaches the nodes of a cluster, and what each of them must therefore say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::{Cluster, Node};
use super::error::Problem;

/// How configuration reaches the nodes of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// Every node reads the database.
    #[default]
    Traditional,
    /// Control planes read the database and hand the configuration to data planes, which answer clients.
    Hybrid,
    /// There is no database: every node has the configuration in a file, or was sent it.
    Dbless,
}

/// What a node of a hybrid cluster does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It reads the database, is configured over its Admin API, and answers no client.
    ControlPlane,
    /// It answers clients by what a control plane handed to it, and has no Admin API.
    DataPlane,
}

impl Topology {
    /// As it stands in the environment file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Traditional => "traditional",
            Self::Hybrid => "hybrid",
            Self::Dbless => "dbless",
        }
    }
}

/// Refuses what does not fit the topology of the cluster called `name`.
pub(super) fn check(name: &str, cluster: &Cluster) -> Result<(), Problem> {
    let topology = cluster.topology;
    if topology == Topology::Dbless && cluster.database.is_some() {
        return Err(Problem::topology(
            name,
            "database",
            "is DB-less and names a database",
            "take `database` away, or write `topology = \"traditional\"`",
        ));
    }
    if topology == Topology::Hybrid {
        if cluster.database.is_none() {
            return Err(Problem::topology(
                name,
                "hybrid",
                "is hybrid and names no database",
                "name that of its control planes: `database = \"main\"`",
            ));
        }
        let any = |role| cluster.nodes.iter().any(|node| node.role == Some(role));
        if !cluster.nodes.is_empty() && !any(Role::ControlPlane) {
            return Err(Problem::topology(
                name,
                "hybrid",
                "is hybrid and has no control plane",
                "list its control planes with `role = \"control_plane\"`",
            ));
        }
    }
    cluster
        .nodes
        .iter()
        .try_for_each(|node| check_node(topology, node))
}

fn check_node(topology: Topology, node: &Node) -> Result<(), Problem> {
    let refuse =
        |word: &str, what: &str, help: &str| Err(Problem::node(&node.name, word, what, help));
    match (topology, node.role) {
        (Topology::Hybrid, None) => {
            return refuse(
                "name",
                "is in a hybrid cluster and says not what it does",
                "give it `role = \"control_plane\"` or `role = \"data_plane\"`",
            );
        }
        (Topology::Traditional | Topology::Dbless, Some(_)) => {
            return refuse(
                "role",
                "has a role and is in no hybrid cluster",
                "take `role` away, or write `topology = \"hybrid\"`",
            );
        }
        _ => {}
    }
    if node.declarative.is_some() && topology != Topology::Dbless {
        return refuse(
            "declarative",
            "reads a declarative configuration and is in no DB-less cluster",
            "take `declarative` away, or write `topology = \"dbless\"`",
        );
    }
    let is_data_plane = node.role == Some(Role::DataPlane);
    let is_control_plane = node.role == Some(Role::ControlPlane);
    if is_data_plane && node.admin.is_some() {
        return refuse(
            "admin",
            "is a data plane, and those have no Admin API",
            "take `admin` away, and give it `status = \"http://…\"`",
        );
    }
    if is_data_plane && node.status.is_none() {
        return refuse(
            "name",
            "is a data plane and has no Status API",
            "set `status_listen` in its kong.conf, and give it `status = \"http://…\"`: nothing else tells its version and its configuration",
        );
    }
    if !is_data_plane && node.admin.is_none() {
        return refuse("name", "has no Admin API", "give it `admin = \"http://…\"`");
    }
    if is_control_plane && node.proxy.is_some() {
        return refuse(
            "proxy",
            "is a control plane, and those answer no clients",
            "take `proxy` away",
        );
    }
    if !is_control_plane && node.proxy.is_none() {
        return refuse("name", "has no proxy", "give it `proxy = \"http://…\"`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples;

    const HYBRID: &str = r#"
name = "practice"
[clusters.blue]
topology = "hybrid"
database = "main"
[[clusters.blue.nodes]]
name = "cp-1"
role = "control_plane"
conf = "/etc/kong/kong.conf"
prefix = "/usr/local/kong"
packages = { prefix = "/opt/kong" }
admin = "http://127.0.0.1:8001"
[[clusters.blue.nodes]]
name = "dp-1"
role = "data_plane"
conf = "/etc/kong/kong.conf"
prefix = "/usr/local/kong"
packages = { prefix = "/opt/kong" }
proxy = "http://127.0.0.1:8000"
status = "http://127.0.0.1:8007"
[databases.main]
host = "127.0.0.1"
database = "kong"
user = "kong"
tls = "off"
[storage]
path = "store"
"#;

    fn refusal(from: &str, to: &str) -> String {
        samples::refusal(HYBRID, from, to)
    }

    #[test]
    fn a_hybrid_cluster_says_what_each_of_its_nodes_does() {
        let environment = samples::parsed(HYBRID).expect("valid");
        let blue = &environment.clusters["blue"];
        let read: Vec<bool> = blue
            .nodes
            .iter()
            .map(|node| blue.reads_database(node))
            .collect();
        assert_eq!(read, [true, false]);
    }

    #[test]
    fn what_does_not_fit_a_topology_is_told_with_its_place_and_remedy() {
        let told = [
            refusal("database = \"main\"\n", ""),
            refusal("role = \"control_plane\"\n", ""),
            refusal("\"control_plane\"", "\"data_plane\""),
            refusal("status = \"http://127.0.0.1:8007\"\n", ""),
            refusal(
                "admin = \"http://127.0.0.1:8001\"",
                "admin = \"http://127.0.0.1:8001\"\nproxy = \"http://127.0.0.1:8002\"",
            ),
            refusal("status =", "admin = \"http://127.0.0.1:8003\"\nstatus ="),
            refusal("topology = \"hybrid\"\n", ""),
            refusal(
                "topology = \"hybrid\"\ndatabase = \"main\"",
                "topology = \"dbless\"",
            ),
            refusal("topology = \"hybrid\"", "topology = \"dbless\""),
            refusal("status =", "declarative = \"/etc/kong/kong.yml\"\nstatus ="),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        environment.toml:4:13: the cluster `blue` is hybrid and names no database
        help: name that of its control planes: `database = "main"`
        environment.toml:4:13: the cluster `blue` is hybrid and has no control plane
        help: list its control planes with `role = "control_plane"`
        environment.toml:4:13: the cluster `blue` is hybrid and has no control plane
        help: list its control planes with `role = "control_plane"`
        environment.toml:14:8: the node `dp-1` is a data plane and has no Status API
        help: set `status_listen` in its kong.conf, and give it `status = "http://…"`: nothing else tells its version and its configuration
        environment.toml:13:1: the node `cp-1` is a control plane, and those answer no clients
        help: take `proxy` away
        environment.toml:20:1: the node `dp-1` is a data plane, and those have no Admin API
        help: take `admin` away, and give it `status = "http://…"`
        environment.toml:7:1: the node `cp-1` has a role and is in no hybrid cluster
        help: take `role` away, or write `topology = "hybrid"`
        environment.toml:7:1: the node `cp-1` has a role and is in no hybrid cluster
        help: take `role` away, or write `topology = "hybrid"`
        environment.toml:5:1: the cluster `blue` is DB-less and names a database
        help: take `database` away, or write `topology = "traditional"`
        environment.toml:20:1: the node `dp-1` reads a declarative configuration and is in no DB-less cluster
        help: take `declarative` away, or write `topology = "dbless"`
        "#);
    }
}
