//! Which nodes serve clients, as the world changes.

use std::collections::BTreeMap;

use crate::gateway::Rotation;
use crate::gateway::simulated::{Happened, Node, World};
use crate::kong::Version;
use crate::kong::schema::{Fit, Schema};

/// A world as far as serving goes, that follows what happens to it.
pub(super) struct Serving {
    nodes: BTreeMap<String, Node>,
    schemas: BTreeMap<String, Schema>,
    /// Nodes that answered as they should since they were started.
    proven: BTreeMap<String, bool>,
}

impl Serving {
    pub(super) fn of(world: &World) -> Self {
        let schemas = world.databases.iter();
        Self {
            nodes: world.nodes.clone(),
            schemas: schemas
                .map(|(name, database)| (name.clone(), database.schema.clone()))
                .collect(),
            // What ran before the run began is what clients used.
            proven: world
                .nodes
                .iter()
                .map(|(name, node)| (name.clone(), node.running.is_some()))
                .collect(),
        }
    }

    /// Follows one happening; whether a running version or a schema is another one since.
    pub(super) fn follow(&mut self, what: &Happened) -> bool {
        match what {
            Happened::Started { node, version } => {
                self.proven.insert(node.clone(), false);
                self.with(node, |node| node.running = Some(*version));
            }
            Happened::Stopped { node } => self.with(node, |node| node.running = None),
            Happened::Proven { node } => {
                self.proven.insert(node.clone(), true);
                return false;
            }
            Happened::Rotated { node, rotation } => {
                self.with(node, |node| node.rotation = Some(rotation.clone()));
                return false;
            }
            Happened::MigratedUp {
                database, schema, ..
            }
            | Happened::Finished {
                database, schema, ..
            }
            | Happened::Restored {
                database, schema, ..
            } => {
                self.schemas.insert(database.clone(), schema.clone());
            }
            Happened::Executed { .. } | Happened::BackedUp { .. } | Happened::Copied { .. } => {
                return false;
            }
        }
        true
    }

    /// The nodes that get requests from clients and answer as they should.
    pub(super) fn serving(&self) -> Vec<&str> {
        self.admitted()
            .filter(|(_, node, version)| self.fit(node, version) == Fit::Serves)
            .map(|(name, _, _)| name)
            .collect()
    }

    /// Nodes that run a version that does not fit the schema any more.
    pub(super) fn outdated(&self) -> Vec<(&str, Version)> {
        self.nodes
            .iter()
            .filter_map(|(name, node)| {
                let version = node.running?;
                (self.fit(node, &version) == Fit::Outdated).then_some((name.as_str(), version))
            })
            .collect()
    }

    /// Whether every node that runs and answers clients has answered as it should since it was started, and one runs.
    pub(super) fn all_proven(&self) -> bool {
        let running: Vec<&String> = self
            .nodes
            .iter()
            .filter(|(_, node)| node.running.is_some() && node.proxy.is_some())
            .map(|(name, _)| name)
            .collect();
        !running.is_empty()
            && running
                .iter()
                .all(|name| self.proven.get(*name) == Some(&true))
    }

    fn admitted(&self) -> impl Iterator<Item = (&str, &Node, Version)> {
        self.nodes.iter().filter_map(|(name, node)| {
            // A control plane answers nobody.
            let admitted =
                node.proxy.is_some() && node.rotation.as_ref().is_none_or(Rotation::serves);
            Some((name.as_str(), node, node.running?)).filter(|_| admitted)
        })
    }

    fn fit(&self, node: &Node, version: &Version) -> Fit {
        let schema = node
            .database
            .as_ref()
            .and_then(|name| self.schemas.get(name));
        schema.map_or(Fit::Serves, |schema| schema.fit(version))
    }

    fn with(&mut self, node: &str, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(node) {
            change(node);
        }
    }
}
