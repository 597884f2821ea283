//! `review.*`: what is known beforehand.

use serde::{Deserialize, Serialize};

use super::{Failure, Look};
use crate::gateway::Gateway;
use crate::kong::{Version, paths};

/// Whether the vendor guarantees an upgrade in one step. Recorded like any look: a newer cutover may know more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewPath {
    /// The version that runs.
    pub from: Version,
    /// The version to go to.
    pub to: Version,
}

impl Look for ReviewPath {
    type Answer = paths::Path;
    const VERB: &'static str = "review.path";

    fn targets(&self) -> Vec<String> {
        vec![format!("{} to {}", self.from, self.to)]
    }

    async fn look(&self, _world: &impl Gateway, _target: &str) -> Result<paths::Path, Failure> {
        Ok(paths::judge(&self.from, &self.to))
    }
}
