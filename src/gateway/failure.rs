//! A step's bad outcome, as it is recorded and as a script's `catch` sees it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::redaction::{redacted, redacted_value};

/// How many things that went wrong beside the first are told.
const MOST_TOLD: usize = 9;

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

    /// What went wrong at several things at once, as one: the first, with what the others say behind it. Nothing where nothing went wrong.
    #[must_use]
    pub fn together(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut first = all.next()?;
        let mut others: Vec<String> = Vec::new();
        for Self { message, .. } in all {
            // A server that answers nobody is told once.
            if message != first.message && !others.contains(&message) {
                others.push(message);
            }
        }
        let untold = others.len().saturating_sub(MOST_TOLD);
        others.truncate(MOST_TOLD);
        for message in others {
            first.message.push_str("; also ");
            first.message.push_str(&message);
        }
        if untold > 0 {
            let _ = write!(first.message, "; and {untold} more");
        }
        Some(first)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: &[&str]) -> Option<String> {
        let all = messages
            .iter()
            .map(|message| Failure::new("host.unreachable", *message));
        Failure::together(all).map(|failure| failure.message)
    }

    #[test]
    fn all_that_went_wrong_is_told_at_once() {
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["a is off"]).as_deref(), Some("a is off"));
        let several = told(&["a is off", "b is off", "a is off", "c is off", "b is off"]);
        assert_eq!(
            several.as_deref(),
            Some("a is off; also b is off; also c is off")
        );
        let many: Vec<String> = (0..30).map(|number| format!("{number} is off")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let told = told(&many).expect("some");
        assert!(told.ends_with("; also 9 is off; and 20 more"), "{told}");
    }
}
