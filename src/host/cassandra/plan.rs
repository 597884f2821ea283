//! Plans as values: stages, one after the other, of steps on nodes, each with its exact vector.
//!
//! Invariant: a stage begins only when the one before took effect on every node that it has a step for, which is found out from the answer
//! to the question that its proof names, never from an exit code alone.

use serde::Serialize;

use super::Id;
use super::files::Place;

/// A node, and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its id.
    pub host: Id,
    /// Its address, as clients and other nodes know it.
    pub address: String,
    /// Its data directories, in the order of its configuration.
    pub data: Vec<String>,
}

/// How the steps of a stage follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// At the same time, as near as can be.
    Together,
    /// The next when the one before has ended.
    OneByOne,
}

/// How it is found out whether a stage took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nothing is to be proven: it may be done again at any time.
    Repeatable,
    /// The snapshots that the nodes list.
    Snapshots,
    /// The tables of the keyspace.
    Tables,
    /// The rows of the tables.
    Rows,
    /// The files that lie there.
    Files,
    /// What was printed.
    Printed,
}

/// A file of the backup.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Source {
    /// The node that it is of.
    pub node: Id,
    /// The data directory there.
    pub data: String,
    /// Its place below the keyspace's directory.
    pub place: Place,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A vector is run.
    Run(Vec<String>),
    /// A file of the backup is put where nothing lies, for the user that Cassandra runs as.
    Put {
        /// The file.
        source: Source,
        /// The path that it gets.
        target: String,
    },
}

/// What is to be done on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The node.
    pub node: Id,
    /// What.
    pub act: Act,
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// What it is for.
    pub purpose: Purpose,
    /// How its steps follow each other.
    pub order: Order,
    /// The steps.
    pub steps: Vec<Step>,
    /// How it is found out whether it took effect.
    pub proof: Proof,
}

/// What a stage is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// What nodes hold in memory goes to their files.
    Flush,
    /// The snapshots are made.
    Snapshot,
    /// The snapshots are removed.
    Clear,
    /// Tables that are gone are made again.
    Create,
    /// Tables are emptied.
    Truncate,
    /// Where files are to be put, none may lie.
    Look,
    /// Files of the backup are put where they belong.
    Put,
    /// Nodes take the files.
    Refresh,
    /// Files are sent to the nodes.
    Load,
    /// Replicas are made equal.
    Repair,
}

impl Step {
    /// A vector on a node.
    pub(super) fn run(node: Id, vector: impl Into<Vec<String>>) -> Self {
        Self {
            node,
            act: Act::Run(vector.into()),
        }
    }
}
