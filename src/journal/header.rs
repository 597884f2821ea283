//! The first record of a run: everything that it depends on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Digest, RunId, Sandbox, Source};

/// The first record: everything that the run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The run.
    pub run: RunId,
    /// The playbook's name.
    pub playbook: String,
    /// The version of the script interface that the playbook was written for.
    pub api: u32,
    /// The playbook and its modules, as stored in the run directory.
    pub sources: Vec<Source>,
    /// The resolved parameters.
    pub parameters: BTreeMap<String, Value>,
    /// The environment's name.
    pub environment: String,
    /// The digest of the environment as stored in the run directory.
    pub environment_digest: Digest,
    /// The digest of the plan that the run is held to, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
    /// What the playbook declares that it needs, by which its steps are held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<String>>,
    /// What was granted for this run alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<String>,
    /// What holds the script's process. An old journal does not say; a play has no process of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
}
