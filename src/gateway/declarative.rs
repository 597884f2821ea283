//! Configuration that nodes have from no database: handed to data planes by their control planes, or declared to DB-less nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::kong::Version;

/// A data plane, as a control plane lists it (`/clustering/data-planes`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataPlane {
    /// The node of the environment that it is; none where it is not known to be one.
    pub node: Option<String>,
    /// Its id, which it has from its prefix (`kong.id`) since Kong 3.1, and anew with each start before.
    pub id: String,
    /// The name of its host, as that itself says.
    pub hostname: String,
    /// The address that it connected from.
    pub ip: String,
    /// Its version, as it told it when it connected.
    pub version: String,
    /// Whether the control plane hands it the configuration: `normal`, or why not, in Kong's words.
    pub sync_status: String,
    /// The hash of the configuration that it said it has.
    pub configuration_hash: String,
    /// How long ago it was last heard of, in seconds.
    pub seen_seconds_ago: u64,
}

/// A configuration that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDeclarative {
    /// SHA-256 of the text.
    pub digest: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A database that was exported as a declarative file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedDatabase {
    /// The node whose `kong` exported it.
    pub node: String,
    /// Its version.
    pub version: Version,
    /// SHA-256 of the file.
    pub digest: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The tables with rows that are not in it.
    pub left_behind: Vec<LeftBehind>,
}

/// A table whose rows an export leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftBehind {
    /// The table.
    pub table: String,
    /// How many rows; none where they could not be counted.
    pub rows: Option<u64>,
    /// What that means.
    pub why: String,
}

/// What control planes and DB-less nodes are asked and told.
pub trait Declarative {
    /// The data planes that a control plane lists.
    async fn data_planes(&self, node: &str) -> Result<Vec<DataPlane>, Failure>;
    /// Lets the `kong` of `version` judge the declarative file of a DB-less node.
    async fn parse_declarative(&self, node: &str, version: &Version) -> Result<(), Failure>;
    /// Keeps, for this run, the configuration that a DB-less node has. What was kept first stays.
    async fn keep_declarative(&self, node: &str) -> Result<KeptDeclarative, Failure>;
    /// What was kept of a node in this run, if anything was.
    async fn kept_declarative(&self, node: &str) -> Result<Option<KeptDeclarative>, Failure>;
    /// Gives a DB-less node the configuration that was kept of it, and answers the hash that it has then.
    async fn send_declarative(&self, node: &str) -> Result<String, Failure>;
    /// Exports, for this run, the database of a node's cluster. What was exported first stays.
    async fn export_database(&self, node: &str) -> Result<ExportedDatabase, Failure>;
    /// What was exported by a node in this run, if anything was.
    async fn exported_database(&self, node: &str) -> Result<Option<ExportedDatabase>, Failure>;
    /// Imports what was exported into the database of a node's cluster.
    async fn import_database(&self, node: &str, exported: &ExportedDatabase)
    -> Result<(), Failure>;
    /// How many rows a database has of what an export holds, beyond those of its bootstrap.
    async fn exportable_rows(&self, database: &str) -> Result<u64, Failure>;
}
