//! `kong.freeze` and `kong.thaw`: nobody writes configuration while it is being moved.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gateway::{ContentDigest, Gateway};
use crate::primitive::{Failure, Look};

/// How configuration is kept from changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreezeMode {
    /// It is watched, not frozen: a write puts the run down before the next act that stops traffic.
    Observe,
}

/// Begins to hold the configuration still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// The cluster, for messages.
    pub cluster: String,
    /// The cluster's database.
    pub database: String,
    /// How.
    pub mode: FreezeMode,
}

impl Look for Freeze {
    /// The configuration as it is from now on.
    type Answer = ContentDigest;
    const VERB: &'static str = "kong.freeze";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<ContentDigest, Failure> {
        world.content_digest(&self.database).await
    }

    async fn lapsed(
        &self,
        world: &impl Gateway,
        baseline: ContentDigest,
        _worked: Duration,
    ) -> Result<Option<String>, Failure> {
        let now = world.content_digest(&self.database).await?;
        // Migrations rewrite configuration; from then on the one after `up` is what counts.
        let written = now.schema == baseline.schema && now.configuration != baseline.configuration;
        Ok(written.then(|| {
            format!(
                "the configuration of `{}` was changed while it was watched",
                self.cluster
            )
        }))
    }
}

/// Ends the watching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thaw {
    /// The cluster, for messages.
    pub cluster: String,
}

impl Look for Thaw {
    type Answer = ();
    const VERB: &'static str = "kong.thaw";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }
}
