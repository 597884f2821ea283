//! How hosts of nodes are reached over SSH, beyond what the operator's own client is configured with.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How hosts are reached over SSH.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// The client's configuration (`ssh -F`), instead of the operator's own.
    pub configuration: Option<PathBuf>,
}

impl Ssh {
    /// The same with paths that start at `base` where they are relative.
    pub(super) fn starting_at(self, base: &Path) -> Self {
        // ssh looks for a relative one in its own directory.
        let absolute = |path: PathBuf| {
            let path = base.join(path);
            std::path::absolute(&path).unwrap_or(path)
        };
        Self {
            configuration: self.configuration.map(absolute),
        }
    }
}

/// What is wrong with a destination: it is one word of ssh's command line, and no option.
pub(super) fn unusable(destination: &str) -> Option<&'static str> {
    if destination.is_empty() || destination.starts_with('-') {
        return Some("it is none");
    }
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    destination
        .contains(is_odd)
        .then_some("it is no single word")
}
