//! What became of a probe: found, absent, or unknown; and how several make one.

use std::collections::HashSet;
use std::hash::Hash;

use serde::Serialize;

use super::place::Place;

/// What evidence says of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The cluster is concerned, as these places show.
    Found {
        /// Where.
        places: Vec<Place>,
    },
    /// It is not.
    Absent,
    /// What would tell was not looked at, or could not be.
    Unknown {
        /// What is missing.
        missing: Vec<String>,
    },
}

impl Verdict {
    pub(super) fn found(places: Vec<Place>) -> Self {
        if places.is_empty() {
            Self::Absent
        } else {
            Self::Found { places }
        }
    }

    pub(super) fn unknown(why: &str) -> Self {
        Self::Unknown {
            missing: vec![why.to_owned()],
        }
    }

    /// Both: absent if one of them is, unknown if neither is absent and one is not known.
    pub(super) fn and(self, other: Self) -> Self {
        use Verdict::{Absent, Found, Unknown};
        match (self, other) {
            (Absent, _) | (_, Absent) => Absent,
            (Unknown { missing }, Found { .. }) | (Found { .. }, Unknown { missing }) => {
                Unknown { missing }
            }
            (Unknown { missing: one }, Unknown { missing: other }) => Unknown {
                missing: joined(one, other),
            },
            (Found { places: one }, Found { places: other }) => Found {
                places: joined(one, other),
            },
        }
    }

    /// Either: found if one of them is, unknown if neither is found and one is not known.
    pub(super) fn or(self, other: Self) -> Self {
        use Verdict::{Absent, Found, Unknown};
        match (self, other) {
            (Found { places: one }, Found { places: other }) => Found {
                places: joined(one, other),
            },
            (Found { places }, _) | (_, Found { places }) => Found { places },
            (Unknown { missing: one }, Unknown { missing: other }) => Unknown {
                missing: joined(one, other),
            },
            (Unknown { missing }, Absent) | (Absent, Unknown { missing }) => Unknown { missing },
            (Absent, Absent) => Absent,
        }
    }
}

/// All of one, and of the other what is not among them.
fn joined<T: Eq + Hash + Clone>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
    let known: HashSet<T> = one.iter().cloned().collect();
    one.extend(other.into_iter().filter(|item| !known.contains(item)));
    one
}
