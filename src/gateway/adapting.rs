//! Adapting the files of nodes: by change sets that were recorded elsewhere.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Failure;

/// What a change set would do on a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adaptation {
    /// SHA-256 of the change set.
    pub change_set: String,
    /// The files that it touches, as they are: SHA-256, mode and owner, or nothing where there is none.
    pub files: BTreeMap<String, Option<String>>,
    /// The files that it would write; none where everything is as it is to be.
    pub writes: Vec<String>,
    /// Why it does not fit, one line a reason; none where it does.
    pub conflicts: Vec<String>,
    /// What is seen only once the version is installed that it adapts to: templates against which it was recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<String>,
    /// The parts by which code may run and that the environment file does not list.
    pub code: Vec<String>,
}

impl Adaptation {
    /// That it does not fit on a node.
    pub(super) fn conflict(&self, node: &str, change_set: &str) -> Failure {
        let message = format!(
            "the change set `{change_set}` does not fit on `{node}`: {}",
            [&self.conflicts[..], &self.later].concat().join("; ")
        );
        Failure::new("config.conflict", message)
            .hint("nothing was written; what the node has is never overwritten by what it was not recorded from")
    }

    /// Refuses what does not fit, or may not run.
    pub fn refuse(&self, node: &str, change_set: &str) -> Result<(), Failure> {
        if !self.conflicts.is_empty() || !self.later.is_empty() {
            return Err(self.conflict(node, change_set));
        }
        if self.code.is_empty() {
            return Ok(());
        }
        let message = format!(
            "by the change set `{change_set}` code could run that nobody let in: {}",
            self.code.join("; ")
        );
        Err(Failure::new("config.code", message)
            .hint("look at each, and list it as it stands under `code` of the change set in the environment file"))
    }
}

/// Templates that were brought to another release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebased {
    /// Those that were written.
    pub writes: Vec<String>,
    /// What is left to a person, a line for each place where somebody and the release changed the same lines.
    pub left: Vec<String>,
}

/// How far an adaptation that was begun has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapted {
    /// It was not begun.
    NotAtAll,
    /// It was begun.
    Partly,
    /// All files are written.
    Wholly,
}

/// That nobody has marked the files of a node.
pub(super) fn unmarked(node: &str) -> Failure {
    let message = format!("nothing is known of how the files of `{node}` were");
    Failure::new("config.unmarked", message)
        .hint("`config::mark(node)` keeps them, before they are adapted")
}

/// A change set that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// SHA-256 of it.
    pub change_set: String,
    /// How many files it touches.
    pub files: usize,
    /// It in words, for people. Secrets are not in it.
    pub review: String,
}

/// The files of nodes, by change sets that the environment file names.
pub trait Adapting {
    /// What a change set would do on a node now.
    async fn adaptation(&self, node: &str, change_set: &str) -> Result<Adaptation, Failure>;
    /// Does it, after keeping what was there. Answers the files that were written.
    async fn adapt(&self, node: &str, change_set: &str) -> Result<Vec<String>, Failure>;
    /// How far that has come in this run.
    async fn adapted(&self, node: &str, change_set: &str) -> Result<Adapted, Failure>;
    /// Makes the files of a node again what they were, to the byte, the owner and the mode.
    async fn put_files_back(&self, node: &str, change_set: &str) -> Result<(), Failure>;
    /// The templates of a node whose files are marked, as they are: SHA-256, mode and owner, or nothing where there is none.
    async fn templates(&self, node: &str) -> Result<BTreeMap<String, Option<String>>, Failure>;
    /// Brings them from the release of the mark to the installed one, after keeping what was there.
    async fn rebase(&self, node: &str) -> Result<Rebased, Failure>;
    /// How far that has come in this run.
    async fn rebased(&self, node: &str) -> Result<Adapted, Failure>;
    /// Makes a node's templates again what they were.
    async fn put_templates_back(&self, node: &str) -> Result<(), Failure>;
    /// Keeps the files of a node as they are, for a recording. Answers how many they are.
    async fn mark_files(&self, node: &str) -> Result<usize, Failure>;
    /// How many files of a node were kept so, if they were.
    async fn marked_files(&self, node: &str) -> Result<Option<usize>, Failure>;
    /// Records what was changed since as a change set, into the file that the environment file names.
    async fn record_changes(&self, node: &str, change_set: &str) -> Result<Recorded, Failure>;
}
