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
}
