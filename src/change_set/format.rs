//! A change set as TOML, in which a person reviews it, and as JSON.
//!
//! Invariant: an error says what is wrong and where, never what stands there: somebody may have typed a secret where none belongs.

use serde::Deserialize;

use super::{ChangeSet, Flaw};

/// What stands in errors behind the value that is wrong.
const EXPECTED: &str = ", expected ";

/// How errors begin that quote no value: those that name a key or its absence, and those of this room's own types.
const HARMLESS: [&str; 7] = [
    "unknown field",
    "missing field",
    "duplicate",
    "a digest is",
    "a mode is",
    "an owner is",
    "a secret is",
];

/// What stands between a value and what is wrong with it.
const NOT: &str = "` is not ";

/// A text that is no change set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It cannot be read.
    #[error("{}{problem}", place(*line))]
    Text {
        /// The line, from 1, where one can be told.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
    /// It can be read, and does not make sense.
    #[error(transparent)]
    Flaw(#[from] Flaw),
}

/// The one field that every version of the shape has.
#[derive(Clone, Copy, Deserialize)]
struct Head {
    format: u32,
}

impl ChangeSet {
    /// Reads a change set from TOML.
    pub fn from_toml(text: &str) -> Result<Self, FormatError> {
        let problem = |error: toml::de::Error| FormatError::Text {
            line: error
                .span()
                .map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
            problem: told(error.message()),
        };
        check_head(toml::from_str(text).map_err(problem)?)?;
        let set: Self = toml::from_str(text).map_err(problem)?;
        set.check()?;
        Ok(set)
    }

    /// Reads a change set from JSON.
    pub fn from_json(text: &str) -> Result<Self, FormatError> {
        let problem = |error: serde_json::Error| FormatError::Text {
            line: Some(error.line()).filter(|line| *line > 0),
            problem: told(&error.to_string()),
        };
        check_head(serde_json::from_str(text).map_err(problem)?)?;
        let set: Self = serde_json::from_str(text).map_err(problem)?;
        set.check()?;
        Ok(set)
    }

    /// It as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a change set has nothing that TOML cannot hold")
    }

    /// It as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a change set has no keys but texts") + "\n"
    }
}

fn check_head(head: Head) -> Result<(), Flaw> {
    if head.format == ChangeSet::FORMAT {
        Ok(())
    } else {
        Err(Flaw::Format {
            format: head.format,
        })
    }
}

/// The message without the value that it may quote.
fn told(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    if HARMLESS.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    match (message.rsplit_once(EXPECTED), message.rsplit_once(NOT)) {
        (Some((_, expected)), _) => format!("something else belongs here: {expected}"),
        (None, Some((_, wrong))) => format!("this is not {wrong}"),
        (None, None) => "this is not as a change set is written".to_owned(),
    }
}

fn place(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}
