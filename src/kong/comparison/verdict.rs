//! What a comparison comes to: differences, what was to be expected, and what was looked at.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// In what two gateways differ.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Comparison {
    /// What nothing explains, by kind, workspace, name and path.
    pub differences: Vec<Difference>,
    /// What differs because the versions do, in the same order.
    pub expected: Vec<Expected>,
    /// How many entities of each kind both gateways have.
    pub compared: BTreeMap<String, u64>,
    /// The kinds that were left out, each with why.
    pub not_compared: Vec<(String, String)>,
}

/// The entity that something is said of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// Its kind, as the new version's collection is called: `routes`, `key-auths`.
    pub kind: String,
    /// The name of its workspace.
    pub workspace: String,
    /// What people call it, where it has a name that is no secret.
    pub name: Option<String>,
    /// Its id, as the old gateway has it if both do.
    pub id: String,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The entity.
    #[serde(flatten)]
    pub subject: Subject,
    /// In what it differs.
    pub what: What,
}

/// In what an entity differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The new gateway does not have it.
    OnlyBlue,
    /// The old gateway does not have it.
    OnlyGreen,
    /// A field.
    Field {
        /// Which, as in `config.redis.host` or `config.metrics[0].name`.
        path: String,
        /// What the old gateway has, as the new version would write it; null where it has nothing, and sealed if it may be a secret.
        blue: Value,
        /// The same of the new gateway.
        green: Value,
    },
}

/// A field that differs, or has moved, because the versions do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The entity.
    #[serde(flatten)]
    pub subject: Subject,
    /// The field, as the new version calls it.
    pub path: String,
    /// Why it was to be expected.
    pub why: Why,
}

/// Why something was to be expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The old version does not have the field, and it holds what the new version fills in.
    Default,
    /// The field has another name, and its old value.
    Renamed {
        /// Where the old version has it.
        from: String,
        /// Where the new version has it.
        to: String,
    },
    /// The new version makes the value out of others: its migrations write it otherwise, or it shows a field under a second name.
    Derived,
    /// The new version does not have the field any more, and nothing takes its place.
    Removed,
    /// It changes by itself.
    Volatile,
}
