//! Change sets: where they lie, and what they may do here.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretReference;

/// A change set that playbooks record or replay by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSetFile {
    /// The file, TOML. A relative path starts at the environment file.
    pub file: PathBuf,
    /// The key under which secrets are told to be the same without being told, long and random: one for the environment where the change set is
    /// recorded and those where it is replayed.
    pub seal: SecretReference,
    /// The parts of it by which code may run, each as it stands in the change set: `conf:kong.conf nginx_http_include`, or `plugins:own/handler.lua`.
    /// None of them is let in by a pattern.
    #[serde(default)]
    pub code: Vec<String>,
}

impl ChangeSetFile {
    /// The same with paths that start at `base` where they are relative.
    #[must_use]
    pub(super) fn starting_at(self, base: &Path) -> Self {
        Self {
            file: base.join(self.file),
            ..self
        }
    }
}
