//! What is wrong with a playbook, with its place and the remedy.

use serde::{Deserialize, Serialize};

/// One finding about a playbook or one of its modules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// A stable word, such as `unknown-function`.
    pub code: String,
    /// Whether the playbook is refused for it.
    pub severity: Severity,
    /// What is wrong, lowercase, without a full stop.
    pub message: String,
    /// The source's name.
    pub source: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters are meant, at least 1.
    pub length: u32,
    /// The phase around the place.
    pub phase: Option<String>,
    /// What to do instead.
    pub help: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// The playbook is refused.
    Error,
}
