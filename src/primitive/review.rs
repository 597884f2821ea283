//! `review.*`: what is known beforehand.

use serde::{Deserialize, Serialize};

use super::{Failure, Look};
use crate::gateway::Gateway;
use crate::kong::advisories::{Review, shipped};
use crate::kong::clustering::{Hands, hands};
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

/// Whether a control plane hands its configuration to a data plane, by their versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewHands {
    /// The version of the control plane.
    pub control_plane: Version,
    /// The version of the data plane.
    pub data_plane: Version,
}

impl Look for ReviewHands {
    type Answer = Hands;
    const VERB: &'static str = "review.hands";

    fn targets(&self) -> Vec<String> {
        vec![format!("{} to {}", self.control_plane, self.data_plane)]
    }

    async fn look(&self, _world: &impl Gateway, _target: &str) -> Result<Hands, Failure> {
        Ok(hands(&self.control_plane, &self.data_plane))
    }
}

/// What a cluster's upgrade to a version must reckon with, by everything that is known of the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewAdvisories {
    /// The cluster.
    pub cluster: String,
    /// Its nodes; the oldest version that one of them has is where the upgrade begins.
    pub nodes: Vec<String>,
    /// The version to go to.
    pub to: Version,
}

impl Look for ReviewAdvisories {
    type Answer = Review;
    const VERB: &'static str = "review.advisories";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Review, Failure> {
        let mut from = None;
        for node in &self.nodes {
            let installed = world.installed_version(node).await?;
            from = Some(from.map_or(installed, |oldest: Version| oldest.min(installed)));
        }
        let from = from.ok_or_else(|| {
            let message = format!("the cluster `{}` has no nodes", self.cluster);
            Failure::new("run.no_target", message)
        })?;
        let evidence = world.evidence(&self.cluster).await?;
        Ok(Review::of(&shipped(), &from, &self.to, &evidence))
    }
}
