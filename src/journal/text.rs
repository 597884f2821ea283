//! What records say about the text of playbooks: its sources, places in it, what was adopted in its stead, what it did not catch.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Actor, Digest};
use crate::primitive::Failure;

/// One stored source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The name that messages and imports use, such as `std/smoke`.
    pub name: String,
    /// The digest of its text.
    pub digest: Digest,
}

/// A playbook that took the place of the one a run went by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adoption {
    /// Who wanted that.
    pub by: Actor,
    /// The playbook's name.
    pub playbook: String,
    /// The version of the script interface that it was written for.
    pub api: u32,
    /// The sources that the run went by before. Their copies are kept.
    pub replaced: Vec<Source>,
    /// The sources that it goes by from here on, stored beside those.
    pub sources: Vec<Source>,
    /// The parameters, as the edited playbook declares them.
    pub parameters: BTreeMap<String, Value>,
    /// What it declares that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<String>>,
}

/// A place in a playbook or module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The source's name.
    pub source: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.source, self.line, self.column)
    }
}

/// Something that a playbook did not catch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Raised {
    /// What it was.
    pub failure: Failure,
    /// Where it came from.
    pub place: Option<Place>,
    /// The calls that led there, innermost first.
    pub through: Vec<Place>,
}
