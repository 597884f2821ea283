//! What two nodes go by, key by key, their defaults included. Secrets are only told to be the same or not.

use std::collections::BTreeSet;

use serde::Serialize;

use super::kind::canonical;
use super::of_a_node::differs_between_nodes;
use super::{Configuration, Effective, Origin, executes_code};

/// A key of two configurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The key.
    pub key: String,
    /// How the two compare.
    pub verdict: Verdict,
    /// What the one goes by.
    pub left: Side,
    /// What the other goes by.
    pub right: Side,
    /// Why nodes of one cluster may differ in it; `None` where they should not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between_nodes: Option<&'static str>,
    /// Why a difference means that other code may run; `None` where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

/// How a key of two configurations compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Kong reads the same.
    Same,
    /// Kong reads something else.
    Differs,
    /// The other one does not have the key.
    OnlyLeft,
    /// The one does not have the key.
    OnlyRight,
}

/// What one configuration says of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "side", rename_all = "snake_case")]
pub enum Side {
    /// Kong goes by this.
    Set {
        /// What is told of the value; `None` where the key has none. Of a secret only that there is one.
        value: Option<String>,
        /// Where it comes from.
        #[serde(flatten)]
        origin: Origin,
    },
    /// It is set, and the version does not have the key.
    Unknown {
        /// What is told of the value.
        value: Option<String>,
        /// Where it comes from.
        #[serde(flatten)]
        origin: Origin,
    },
    /// Nothing.
    Absent,
}

/// Compares two configurations, key by key. What a key is set to that both versions do not have is compared as if they had it.
#[must_use]
pub fn compare(left: &Configuration, right: &Configuration) -> Vec<Compared> {
    let keys: BTreeSet<&String> = [left, right]
        .into_iter()
        .flat_map(|side| side.keys.keys().chain(side.unknown.keys()))
        .collect();
    keys.into_iter()
        .map(|key| Compared {
            key: key.clone(),
            verdict: verdict(key, left, right),
            left: side(key, left),
            right: side(key, right),
            between_nodes: differs_between_nodes(key),
            code: executes_code(key),
        })
        .collect()
}

fn verdict(key: &str, left: &Configuration, right: &Configuration) -> Verdict {
    let known = (left.keys.get(key), right.keys.get(key));
    let both = match known {
        (None, None) => (left.unknown.get(key), right.unknown.get(key)),
        known => known,
    };
    match both {
        (Some(left), Some(right)) if read(key, left) == read(key, right) => Verdict::Same,
        (Some(_), Some(_)) => Verdict::Differs,
        (Some(_), None) => Verdict::OnlyLeft,
        (None, _) => Verdict::OnlyRight,
    }
}

fn read(key: &str, effective: &Effective) -> String {
    canonical(key, effective.value.reveal().unwrap_or_default())
}

fn side(key: &str, configuration: &Configuration) -> Side {
    let told = |effective: &Effective| {
        let value = effective.value.shown().map(str::to_owned);
        (value, effective.origin.clone())
    };
    if let Some((value, origin)) = configuration.keys.get(key).map(told) {
        Side::Set { value, origin }
    } else if let Some((value, origin)) = configuration.unknown.get(key).map(told) {
        Side::Unknown { value, origin }
    } else {
        Side::Absent
    }
}
