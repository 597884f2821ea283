//! A playbook's header: the constant `PLAYBOOK`, read before anything of it runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Parameter;
use crate::environment::Need;

/// The version of the script interface that this cutover speaks.
pub const API: u32 = 1;

/// What a playbook declares about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the script interface that it was written for.
    pub api: u32,
    /// Its parameters by name.
    #[serde(default)]
    pub params: BTreeMap<String, Parameter>,
    /// The verbs that it calls, as globs, and what it calls them about where it says so.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Its first comment lines; not part of the constant.
    #[serde(skip)]
    pub about: String,
}

/// What is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It does not have the shape of a header.
    #[error("the header is not right: {0}")]
    Shape(String),
    /// It was written for another version of the script interface.
    #[error(
        "the playbook was written for version {0} of the script interface; this cutover speaks version {API}"
    )]
    Api(u32),
}

impl Header {
    /// Reads the value of the constant `PLAYBOOK`.
    pub fn read(value: &Value) -> Result<Self, HeaderError> {
        let header =
            Self::deserialize(value).map_err(|error| HeaderError::Shape(error.to_string()))?;
        if header.api != API {
            return Err(HeaderError::Api(header.api));
        }
        Ok(header)
    }

    /// Whether the header declares that the playbook calls `verb`.
    #[must_use]
    pub fn declares(&self, verb: &str) -> bool {
        self.needs.iter().any(|need| need.speaks_of(verb))
    }
}
