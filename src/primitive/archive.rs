//! `packages.fetch` and `packages.archive`: packages that are kept on the hosts of nodes, for the way there and the way back.

use serde::{Deserialize, Serialize};

use super::packages::unavailable;
use super::{Effect, Failure, Intent, Primitive, Settled};
use crate::gateway::{Gateway, KeptPackage};
use crate::kong::Version;

/// Brings the package of a version to nodes, without installing it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// The nodes, in order.
    pub nodes: Vec<String>,
    /// The version.
    pub version: Version,
}

impl Primitive for Fetch {
    /// Whether it was kept before.
    type Observed = bool;
    type Outcome = KeptPackage;
    const VERB: &'static str = "packages.fetch";
    const EFFECT: Effect = Effect::Scratch;
    const ASPECT: &'static str = "kept package";
    const AT_ONCE: usize = 4;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<bool, Failure> {
        let kept = world.kept_versions(target).await?;
        Ok(kept.contains(&self.version))
    }

    async fn require(&self, world: &impl Gateway, target: &str, _: &bool) -> Result<(), Failure> {
        world.admit_package(target, &self.version).await?;
        let available = world.available_versions(target).await?;
        if available.contains(&self.version) {
            return Ok(());
        }
        Err(unavailable(&self.version, target, &available))
    }

    fn undo(&self, target: &str, is_kept: &bool) -> Option<Intent> {
        (!is_kept).then(|| {
            Intent::DropPackage(DropPackage {
                nodes: vec![target.to_owned()],
                version: self.version,
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &bool,
    ) -> Result<KeptPackage, Failure> {
        world.keep_package(target, &self.version).await
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &bool,
    ) -> Result<Settled<KeptPackage>, Failure> {
        // What is there is proven again.
        Ok(Settled::Partly)
    }
}

/// Keeps the package that is installed on nodes. It has no undo: what was kept stays, whatever becomes of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The nodes, in order.
    pub nodes: Vec<String>,
}

impl Primitive for Archive {
    type Observed = ();
    type Outcome = KeptPackage;
    const VERB: &'static str = "packages.archive";
    const EFFECT: Effect = Effect::Own;
    const AT_ONCE: usize = 4;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<KeptPackage, Failure> {
        let installed = world.installed_version(target).await?;
        world.keep_package(target, &installed).await
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        (): &(),
    ) -> Result<Settled<KeptPackage>, Failure> {
        Ok(Settled::Partly)
    }
}

/// Keeps a package no longer that was brought by this run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropPackage {
    /// The nodes, in order.
    pub nodes: Vec<String>,
    /// The version.
    pub version: Version,
}

impl Primitive for DropPackage {
    type Observed = bool;
    type Outcome = ();
    const VERB: &'static str = "packages.drop";
    const EFFECT: Effect = Effect::Scratch;
    const ASPECT: &'static str = "kept package";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<bool, Failure> {
        let kept = world.kept_versions(target).await?;
        Ok(kept.contains(&self.version))
    }

    fn undo(&self, _: &str, _: &bool) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        is_kept: &bool,
    ) -> Result<(), Failure> {
        if *is_kept {
            world.drop_package(target, &self.version).await
        } else {
            Ok(())
        }
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &bool,
    ) -> Result<Settled<()>, Failure> {
        let kept = world.kept_versions(target).await?;
        Ok(if kept.contains(&self.version) {
            Settled::NotDone
        } else {
            Settled::Done(())
        })
    }
}
