//! A check: what is looked for, why, what to do about it, and the judgement.

use serde::Serialize;

use super::facts::{Cluster, Database, Facts, Node};

/// Something that is looked for.
#[derive(Debug)]
pub struct Check {
    /// Its code, for `cutover explain`.
    pub code: &'static str,
    /// What is found where it is not fine.
    pub about: &'static str,
    /// What goes wrong then, in a sentence.
    pub why: &'static str,
    /// What to do: a command, a statement, a setting. `{node}` and the like stand for names.
    pub remedy: &'static str,
    /// The judgement.
    pub(super) judge: Judge,
}

/// The judgement of a check, by what it is about.
#[derive(Debug)]
pub(super) enum Judge {
    /// This machine, and the environment as a whole.
    Place(fn(&Facts) -> Judged),
    /// Each cluster.
    Cluster(fn(&Facts, &Cluster) -> Judged),
    /// Each node.
    Node(fn(&Facts, &Node) -> Judged),
    /// Each database.
    Database(fn(&Facts, &Database) -> Judged),
}

/// An outcome, or why there is none.
pub(super) type Judged = Result<Outcome, String>;

/// What a check came to, with the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "evidence")]
pub enum Outcome {
    /// A change would fail, or do harm.
    Wrong(String),
    /// It may.
    Warning(String),
    /// Whatever it is about could not be looked at, for this reason.
    Unknown(String),
    /// Nothing of the kind is there.
    Fine(String),
}

impl Outcome {
    /// Fine where there is nothing, and otherwise wrong with all of it.
    pub(super) fn wrong_if_any(found: &[String], fine: &str) -> Self {
        if found.is_empty() {
            Self::Fine(fine.to_owned())
        } else {
            Self::Wrong(found.join("; "))
        }
    }

    /// The same, as a warning.
    pub(super) fn warning_if_any(found: &[String], fine: &str) -> Self {
        match Self::wrong_if_any(found, fine) {
            Self::Wrong(found) => Self::Warning(found),
            other => other,
        }
    }
}
