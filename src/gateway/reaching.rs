//! Whether a node's host reaches what the configuration names.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::kong::addresses::Address;

/// What came of a connection from a node's host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// It was made, and where it is encrypted the server's certificate was trusted and is for that name.
    Yes,
    /// It was not, for this reason.
    No(String),
}

/// Connections from the hosts of nodes.
pub trait Reaching {
    /// Connects from a node's host, as the node would, and hangs up.
    async fn reach(&self, node: &str, address: &Address) -> Result<Reached, Failure>;

    /// What a node's own settings name that its Kong connects to, each with the setting.
    async fn named_by_settings(
        &self,
        node: &str,
    ) -> Result<BTreeMap<Address, BTreeSet<String>>, Failure>;
}
