//! A world that a test describes, from what it does not leave to the presets: two nodes of Kong 2.8.5 behind a load balancer, on one
//! database.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::usual;
use crate::environment::{Grants, OnFailure, Role, Topology};
use crate::gateway::simulated::World;
use crate::kong::Version;
use crate::kong::catalogue::RECORDED;
use crate::kong::schema::Schema;

/// What a test may describe; everything else is a node's or a database's own.
const WORDS: [&str; 12] = [
    "cluster",
    "topology",
    "version",
    "green",
    "one_database",
    "available",
    "nodes",
    "databases",
    "practice_files",
    "observed_at",
    "grants",
    "on_failure",
];

/// The second cluster and its database.
const GREEN: &str = "green";

/// A world with what an environment file would say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The world.
    pub world: World,
    /// The clusters, the one that serves first.
    pub clusters: Vec<DescribedCluster>,
    /// What the environment grants.
    pub grants: Grants,
    /// What the environment wants after a failure.
    pub on_failure: OnFailure,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedCluster {
    /// Its name.
    pub name: String,
    /// The names of its nodes.
    pub nodes: Vec<String>,
    /// The name of its database.
    pub database: Option<String>,
}

impl DescribedCluster {
    /// How configuration reaches its nodes, by what they are.
    #[must_use]
    pub fn topology(&self, world: &World) -> Topology {
        let mut nodes = self.nodes.iter().filter_map(|name| world.nodes.get(name));
        if nodes.clone().any(|node| node.role.is_some()) {
            Topology::Hybrid
        } else if nodes.any(|node| node.declared.is_some()) {
            Topology::Dbless
        } else {
            Topology::Traditional
        }
    }

    /// Those of its nodes that read their configuration from a file.
    #[must_use]
    pub fn with_files(&self, world: &World) -> Vec<String> {
        let nodes = self.nodes.iter();
        let with = nodes.filter(|name| {
            let declared = world
                .nodes
                .get(*name)
                .and_then(|node| node.declared.as_ref());
            declared.is_some_and(|declared| declared.from_file)
        });
        with.cloned().collect()
    }

    /// Those of its nodes that do this.
    #[must_use]
    pub fn with(&self, role: Role, world: &World) -> Vec<String> {
        let nodes = self.nodes.iter();
        let with =
            nodes.filter(|name| world.nodes.get(*name).and_then(|node| node.role) == Some(role));
        with.cloned().collect()
    }
}

/// What is wrong with a description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// A word that means nothing.
    #[error("a world has no `{word}`; it has {}", WORDS.join(", "))]
    Unknown {
        /// The word.
        word: String,
    },
    /// A part that does not have its shape.
    #[error("`{part}` of the world is not right: {problem}")]
    Shape {
        /// The part.
        part: String,
        /// What is wrong.
        problem: String,
    },
}

impl Described {
    /// Everything preset.
    #[must_use]
    pub fn preset() -> Self {
        Self::read(&Map::new()).expect("the presets are right")
    }

    /// A world that was observed or written down. It has the name of one cluster: that of the environment. Another one is called as its
    /// database.
    #[must_use]
    pub fn of(world: World) -> Self {
        let mut clusters: Vec<DescribedCluster> = Vec::new();
        for (node, found) in &world.nodes {
            let database = &found.cluster_database;
            let known = clusters
                .iter_mut()
                .find(|cluster| cluster.database == *database);
            if let Some(cluster) = known {
                cluster.nodes.push(node.clone());
                continue;
            }
            clusters.push(DescribedCluster {
                name: database.clone().unwrap_or_default(),
                nodes: vec![node.clone()],
                database: database.clone(),
            });
        }
        // What is yet to be made is not what serves.
        let waits = |cluster: &DescribedCluster| {
            let database = cluster.database.as_ref();
            database.is_some_and(|name| world.databases.get(name).is_some_and(|found| found.absent))
        };
        clusters.sort_by_key(waits);
        if clusters.is_empty() {
            clusters.push(DescribedCluster {
                name: String::new(),
                nodes: Vec::new(),
                database: world.databases.keys().next().cloned(),
            });
        }
        clusters[0].name.clone_from(&world.environment);
        Self {
            clusters,
            world,
            grants: Grants::default(),
            on_failure: OnFailure::default(),
        }
    }

    /// Reads a description.
    pub fn read(words: &Map<String, Value>) -> Result<Self, DescriptionError> {
        if let Some(word) = words.keys().find(|word| !WORDS.contains(&word.as_str())) {
            return Err(DescriptionError::Unknown { word: word.clone() });
        }
        let word = |name: &str| words.get(name).cloned();
        let version: Version = match word("version") {
            Some(value) => typed("version", value)?,
            None => RECORDED[0],
        };
        let cluster: String = typed("cluster", word("cluster").unwrap_or(json!("practice")))?;
        let available = word("available").unwrap_or_else(|| {
            let mut versions: Vec<Version> = RECORDED.into_iter().chain([version]).collect();
            versions.sort_unstable();
            versions.dedup();
            json!(versions)
        });
        let topology: Topology =
            typed("topology", word("topology").unwrap_or(json!("traditional")))?;
        let mut databases = match topology {
            Topology::Dbless => BTreeMap::new(),
            Topology::Traditional | Topology::Hybrid => databases(word("databases"), &version)?,
        };
        let database = databases.keys().next().cloned();
        let node = |at: usize| {
            json!({
                "proxy": format!("http://127.0.0.1:{}", 8000 + 100 * at),
                "cluster_database": database,
                "database": database,
                "available": available,
                "installed": version,
                "running": version,
                "rotation": { "weight": 100, "state": "ready" },
            })
        };
        let (first_side, second_side) = if words.contains_key("green") {
            by_side(word("nodes"))
        } else {
            (word("nodes"), Map::new())
        };
        let mut nodes = match topology {
            Topology::Traditional => nodes(first_side, node)?,
            Topology::Hybrid => nodes_over(usual::hybrid(), first_side, node)?,
            Topology::Dbless => nodes_over(usual::dbless(), first_side, node)?,
        };
        // Whether both clusters work on one database.
        let shared: bool = typed("one_database", word("one_database").unwrap_or(json!(false)))?;
        if let Some(version) = word("green") {
            let version: Version = typed("green", version)?;
            let green = if shared {
                database.clone()
            } else {
                databases.insert(GREEN.to_owned(), yet_to_be_made());
                Some(GREEN.to_owned())
            };
            for (at, (called, usual)) in usual::second(topology).into_iter().enumerate() {
                let own = json!({
                    "proxy": format!("http://127.0.0.1:{}", 9100 + 100 * at),
                    "cluster_database": green,
                    "database": green,
                    "installed": version,
                    "running": null,
                    "rotation": { "weight": 100, "state": "drain" },
                });
                let own = own.as_object().cloned().unwrap_or_default();
                let usual = usual.as_object().cloned().unwrap_or_default();
                let name = format!("{GREEN}-{called}");
                let said = second_side.get(&name).and_then(Value::as_object).cloned();
                let own = over(over(node(at + 1), own), usual);
                nodes.insert(name, over(own, said.unwrap_or_default()));
            }
        }
        let world = json!({
            "format": 1,
            "environment": cluster,
            "observed_at": word("observed_at").unwrap_or(json!("2026-01-01T00:00:00Z")),
            "nodes": nodes,
            "databases": databases,
            "practice_files": word("practice_files").unwrap_or(json!({})),
        });
        let mut described = Self::of(typed("description", world)?);
        if shared {
            described.part_green();
        }
        Ok(Self {
            grants: typed("grants", word("grants").unwrap_or(json!({})))?,
            on_failure: typed("on_failure", word("on_failure").unwrap_or(json!("undo")))?,
            ..described
        })
    }

    /// Makes a cluster of its own of the second side's nodes, which their database does not tell from the first side's.
    fn part_green(&mut self) {
        let is_green = |node: &String| node.starts_with(GREEN);
        let first = &mut self.clusters[0];
        let nodes: Vec<String> = first
            .nodes
            .iter()
            .filter(|node| is_green(node))
            .cloned()
            .collect();
        first.nodes.retain(|node| !is_green(node));
        let database = first.database.clone();
        self.clusters.push(DescribedCluster {
            name: GREEN.to_owned(),
            nodes,
            database,
        });
    }
}

/// The nodes: a number of them, or what is not preset of each by its name.
fn nodes(
    described: Option<Value>,
    preset: impl Fn(usize) -> Value,
) -> Result<BTreeMap<String, Value>, DescriptionError> {
    let described: BTreeMap<String, Map<String, Value>> = match described {
        None => usual::numbered(2),
        Some(Value::Number(number)) => usual::numbered(number.as_u64().unwrap_or_default()),
        Some(value) => typed("nodes", value)?,
    };
    let nodes = described.into_iter().enumerate();
    Ok(nodes
        .map(|(at, (name, own))| (name, over(preset(at), own)))
        .collect())
}

/// What is described of the nodes of the first side, if anything is, and what of those of the second.
fn by_side(described: Option<Value>) -> (Option<Value>, Map<String, Value>) {
    match described {
        Some(Value::Object(nodes)) => {
            let is_second = |name: &String| name.starts_with(&format!("{GREEN}-"));
            let (second, first): (Map<String, Value>, Map<String, Value>) =
                nodes.into_iter().partition(|(name, _)| is_second(name));
            let first = (!first.is_empty()).then_some(Value::Object(first));
            (first, second)
        }
        other => (other, Map::new()),
    }
}

/// The nodes of a topology that is not traditional, with what is described of each over what is usual there.
fn nodes_over(
    usual: BTreeMap<String, Value>,
    described: Option<Value>,
    preset: impl Fn(usize) -> Value,
) -> Result<BTreeMap<String, Value>, DescriptionError> {
    let mut described: BTreeMap<String, Map<String, Value>> =
        described.map_or(Ok(BTreeMap::new()), |value| typed("nodes", value))?;
    if let Some(stranger) = described.keys().find(|name| !usual.contains_key(*name)) {
        return Err(DescriptionError::Shape {
            part: format!("nodes.{stranger}"),
            problem: format!(
                "this topology has {}",
                usual.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        });
    }
    let nodes = usual.into_iter().enumerate().map(|(at, (name, usual))| {
        let usual = usual.as_object().cloned().unwrap_or_default();
        let own = described.remove(&name).unwrap_or_default();
        (name, over(over(preset(at), usual), own))
    });
    Ok(nodes.collect())
}

/// The databases: what is not preset of each by its name. The first one is the cluster's.
fn databases(
    described: Option<Value>,
    version: &Version,
) -> Result<BTreeMap<String, Value>, DescriptionError> {
    let described: BTreeMap<String, Map<String, Value>> = match described {
        None => BTreeMap::from([("main".to_owned(), Map::new())]),
        Some(value) => typed("databases", value)?,
    };
    let database = |(name, mut own): (String, Map<String, Value>)| {
        let of = match own.remove("version") {
            Some(value) => typed(&format!("databases.{name}.version"), value)?,
            None => *version,
        };
        let preset = json!({
            "server_version": "15.0",
            "bytes": 300 << 20,
            "free_bytes": 20_u64 << 30,
            "scratch": "main",
            "schema": Schema::of(&of),
            "entities": { "services": 4, "routes": 9, "plugins": 8, "consumers": 5 },
        });
        Ok((name, over(preset, own)))
    };
    described.into_iter().map(database).collect()
}

/// A database that its server does not have.
fn yet_to_be_made() -> Value {
    json!({ "server_version": "", "bytes": 0, "free_bytes": 0, "schema": Schema::default(), "entities": {}, "absent": true })
}

/// `preset` with what is described put over it; a `null` takes a preset out.
fn over(mut preset: Value, own: Map<String, Value>) -> Value {
    for (name, value) in own {
        preset[name] = value;
    }
    preset
}

fn typed<T: serde::de::DeserializeOwned>(part: &str, value: Value) -> Result<T, DescriptionError> {
    serde_json::from_value(value).map_err(|error| DescriptionError::Shape {
        part: part.to_owned(),
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_stands_over_the_presets() {
        let words = json!({
            "version": "3.4.2",
            "nodes": { "edge": { "running": null } },
            "databases": { "main": { "free_bytes": 5 } },
        });
        let described = Described::read(words.as_object().expect("a map")).expect("right");
        let node = &described.world.nodes["edge"];
        assert_eq!(
            (node.installed.to_string().as_str(), node.running),
            ("3.4.2", None)
        );
        assert_eq!(described.world.databases["main"].free_bytes, 5);
        assert_eq!(described.clusters[0].database.as_deref(), Some("main"));
    }

    #[test]
    fn a_word_that_means_nothing_is_told() {
        let words = json!({ "node": 3 });
        let error = Described::read(words.as_object().expect("a map")).expect_err("wrong");
        assert!(
            error.to_string().starts_with("a world has no `node`"),
            "{error}"
        );
    }
}
