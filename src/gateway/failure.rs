//! A step's bad outcome, as it is recorded and as a script's `catch` sees it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::redaction::{redacted, redacted_value};

/// A step's bad outcome. The script may catch it; uncaught, it ends the run by unwinding, holding or asking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable word for scripts to compare, such as `kong.stop.timeout`.
    pub code: String,
    /// What happened, lowercase, without a full stop.
    pub message: String,
    /// What helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Facts for scripts and reports; `null` where there are none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

impl Failure {
    /// The code of what was begun elsewhere and was lost sight of: whether it had its effect, the world has to tell.
    pub const LOST: &str = "host.lost";

    /// Whether nobody knows what became of what was begun.
    #[must_use]
    pub fn leaves_open(&self) -> bool {
        self.code == Self::LOST
    }

    /// A failure with a stable code and a message, in which no secret stands that was read.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: redacted(&message.into()).into_owned(),
            hint: None,
            details: Value::Null,
        }
    }

    /// What cannot be done with a Cassandra.
    pub(super) fn of_cassandra(name: &str) -> Self {
        let message = format!("`{name}` is a Cassandra, of which this cannot be asked");
        Self::new("database.cassandra", message).hint(
            "its facts, backups, their proofs without a restore, and restores work; for the rest move to PostgreSQL: `kong::db_export` and `kong::db_import`",
        )
    }

    /// Adds what helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(redacted(&hint.into()).into_owned());
        self
    }

    /// Adds facts.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = redacted_value(details);
        self
    }
}
