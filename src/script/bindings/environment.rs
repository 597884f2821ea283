//! `env`: the names of the environment, as handles.
//!
//! The inventory is stored with the run, so looking something up is not a step.

use rhai::plugin::*;
use rhai::{Array, Dynamic, Engine, EvalAltResult, NativeCallContext};

use super::arguments::node;
use super::{call, wrong_argument};
use crate::environment::Topology;
use crate::primitive::{CompareSettings, Intent};
use crate::script::child::SharedLink;

/// A cluster of the environment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) nodes: Vec<String>,
    control_planes: Vec<String>,
    data_planes: Vec<String>,
    declarative: Vec<String>,
    topology: Topology,
    database: Option<String>,
}

impl Cluster {
    /// The nodes that have an Admin API, and `kong` commands that reach the database: in a hybrid cluster its control planes.
    pub(super) fn administered(&self) -> &[String] {
        match self.topology {
            Topology::Hybrid => &self.control_planes,
            Topology::Traditional | Topology::Dbless => &self.nodes,
        }
    }

    fn handles(&self, names: &[String]) -> Array {
        let node = |name: &String| {
            Dynamic::from(Node {
                name: name.clone(),
                declarative: self.declarative.contains(name),
            })
        };
        names.iter().map(node).collect()
    }

    /// Its control planes, of a hybrid one.
    pub(super) fn control_planes(&self) -> &[String] {
        &self.control_planes
    }

    /// Its data planes.
    pub(super) fn data_planes(&self) -> &[String] {
        &self.data_planes
    }

    /// The name of the cluster's database.
    pub(super) fn database_name(&self) -> Result<String, Box<EvalAltResult>> {
        let missing = || {
            let message = format!("the cluster `{}` has no database", self.name);
            wrong_argument(message, "name one in the environment file")
        };
        self.database.clone().ok_or_else(missing)
    }
}

/// A node of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) name: String,
    declarative: bool,
}

impl Node {
    /// One that is no node of a cluster.
    pub(super) fn called(name: String) -> Self {
        Self {
            name,
            declarative: false,
        }
    }
}

/// A database of the environment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Database {
    pub(super) name: String,
}

/// Gives the handles their names in scripts, and read-only properties.
pub(super) fn register_types(engine: &mut Engine) {
    engine.register_type_with_name::<Cluster>("Cluster");
    engine.register_get("name", |cluster: &mut Cluster| cluster.name.clone());
    engine.register_get("nodes", |cluster: &mut Cluster| {
        cluster.handles(&cluster.nodes)
    });
    engine.register_get("control_planes", |cluster: &mut Cluster| {
        cluster.handles(&cluster.control_planes)
    });
    engine.register_get("data_planes", |cluster: &mut Cluster| {
        cluster.handles(&cluster.data_planes)
    });
    engine.register_get("topology", |cluster: &mut Cluster| cluster.topology.word());
    engine.register_get(
        "database",
        |cluster: &mut Cluster| -> Result<Dynamic, Box<EvalAltResult>> {
            Ok(Dynamic::from(Database {
                name: cluster.database_name()?,
            }))
        },
    );
    engine.register_type_with_name::<Node>("Node");
    engine.register_get("name", |node: &mut Node| node.name.clone());
    engine.register_get("declarative", |node: &mut Node| node.declarative);
    engine.register_type_with_name::<Database>("Database");
    engine.register_get("name", |database: &mut Database| database.name.clone());
    engine.register_fn("to_string", |cluster: &mut Cluster| cluster.name.clone());
    engine.register_fn("to_string", |node: &mut Node| node.name.clone());
    engine.register_fn("to_string", |database: &mut Database| database.name.clone());
}

#[export_module]
pub(super) mod env {
    /// The cluster called `name`: its `name`, `topology` (`"traditional"`, `"hybrid"` or `"dbless"`), `nodes`, of a hybrid one also
    /// `control_planes` and `data_planes`, and its `database` where it has one. A node has a `name`, and says with `declarative` whether it reads its
    /// configuration from a file.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None; the environment as it was when the run began answers.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Answered from the stored environment.
    /// # Errors
    /// `argument.value`: there is no such cluster.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// run::note(`${cluster.nodes.len()} nodes`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn cluster(context: NativeCallContext, name: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let inventory = SharedLink::of(&context).inventory();
        let Some(cluster) = inventory.clusters.get(name) else {
            let known: Vec<String> = inventory
                .clusters
                .keys()
                .map(|known| format!("`{known}`"))
                .collect();
            let hint = format!("known clusters: {}", known.join(", "));
            return Err(wrong_argument(
                format!("the environment has no cluster `{name}`"),
                &hint,
            ));
        };
        Ok(Dynamic::from(Cluster {
            name: name.to_owned(),
            nodes: cluster.nodes.clone(),
            control_planes: cluster.control_planes.clone(),
            data_planes: cluster.data_planes.clone(),
            declarative: cluster.declarative.clone(),
            topology: cluster.topology,
            database: cluster.database.clone(),
        }))
    }

    /// Compares what two nodes, or the first nodes of two clusters, go by, key by key, defaults included, as the version of each reads its
    /// files and its environment. Answers `same` (how many keys), `different` and `of_a_node` (addresses, ports and directories, in which
    /// nodes may differ): by key `one`, `other` and `code`, why other code may run by it. Secrets are compared and not told.
    ///
    /// # Needs
    /// `env.compare`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// Those of `config::read`. That they differ is none.
    /// # Example
    /// ```rhai
    /// let nodes = env::cluster("practice").nodes;
    /// let found = env::compare(nodes[0], nodes[1]);
    /// run::note(`${found.same} settings are the same; different: ${found.different.keys()}`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn compare(
        context: NativeCallContext,
        blue: Dynamic,
        green: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let nodes = [node(blue)?, node(green)?];
        call(&context, Intent::CompareSettings(CompareSettings { nodes }))
    }

    /// The database called `name`.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None; the environment as it was when the run began answers.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Answered from the stored environment.
    /// # Errors
    /// `argument.value`: there is no such database.
    /// # Example
    /// ```rhai
    /// let database = env::database("main");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn database(context: NativeCallContext, name: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let inventory = SharedLink::of(&context).inventory();
        if !inventory.databases.iter().any(|known| known == name) {
            let known: Vec<String> = inventory
                .databases
                .iter()
                .map(|known| format!("`{known}`"))
                .collect();
            let hint = format!("known databases: {}", known.join(", "));
            return Err(wrong_argument(
                format!("the environment has no database `{name}`"),
                &hint,
            ));
        }
        Ok(Dynamic::from(Database {
            name: name.to_owned(),
        }))
    }
}
