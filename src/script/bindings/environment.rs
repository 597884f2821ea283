//! `env`: the names of the environment, as handles.
//!
//! The inventory is stored with the run, so looking something up is not a step.

use rhai::plugin::*;
use rhai::{Array, Dynamic, Engine, EvalAltResult, NativeCallContext};

use super::arguments::node;
use super::{call, wrong_argument};
use crate::primitive::{CompareSettings, Intent};
use crate::script::child::SharedLink;

/// A cluster of the environment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) nodes: Vec<String>,
    database: Option<String>,
}

impl Cluster {
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
    engine.register_get("nodes", |cluster: &mut Cluster| -> Array {
        cluster
            .nodes
            .iter()
            .map(|name| Dynamic::from(Node { name: name.clone() }))
            .collect()
    });
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
    engine.register_type_with_name::<Database>("Database");
    engine.register_get("name", |database: &mut Database| database.name.clone());
    engine.register_fn("to_string", |cluster: &mut Cluster| cluster.name.clone());
    engine.register_fn("to_string", |node: &mut Node| node.name.clone());
    engine.register_fn("to_string", |database: &mut Database| database.name.clone());
}

#[export_module]
pub(super) mod env {
    /// The cluster called `name`: its `name`, `nodes` and `database`.
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
        let (nodes, database) = (cluster.nodes.clone(), cluster.database.clone());
        Ok(Dynamic::from(Cluster {
            name: name.to_owned(),
            nodes,
            database,
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
