//! References to secrets, and what they came to. Whoever replays a change set fetches them; this room never does.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Seal;

/// Where a secret is to be had, written as in the inventory: `{ env = "PG_PASSWORD" }`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reference {
    /// A variable of the environment in which the change set is replayed.
    Env(String),
    /// A file there.
    File(String),
    /// What a program there prints, its arguments behind it. That is code, so it needs leave of its own.
    Command(Vec<String>),
}

/// A secret. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The secrets that a replay needs.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The seal of the recording.
    pub seal: Seal,
    /// What the references of the change set came to.
    pub values: BTreeMap<Reference, Secret>,
}

impl Secret {
    /// The secret in these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes; the caller answers for where they go.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(out, "env {}", super::shown::quoted(name)),
            Self::File(path) => write!(out, "file {}", super::shown::quoted(path)),
            Self::Command(words) => {
                out.write_str("command")?;
                let mut words = words.iter();
                words.try_for_each(|word| write!(out, " {}", super::shown::quoted(word)))
            }
        }
    }
}
