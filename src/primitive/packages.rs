//! `packages.*`: which version of Kong is installed on nodes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Look, Primitive, Settled};
use crate::gateway::{Gateway, PACKAGE_WORK};
use crate::kong::Version;

/// The versions that could be installed on nodes now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Available {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Look for Available {
    type Answer = Vec<Version>;
    const VERB: &'static str = "packages.available";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Vec<Version>, Failure> {
        world.available_versions(target).await
    }
}

/// Installs a version of Kong on nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Install {
    /// The nodes, in order.
    pub nodes: Vec<String>,
    /// The version.
    pub version: Version,
}

impl Primitive for Install {
    /// The version that was installed before.
    type Observed = Version;
    type Outcome = Version;
    const VERB: &'static str = "packages.install";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "package";
    const AT_ONCE: usize = 4;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    fn may_go_on(&self) -> Duration {
        // A package whose installer was killed is half of two versions. It can be made good, and is better not made.
        PACKAGE_WORK
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<Version, Failure> {
        world.installed_version(target).await
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        found: &Version,
    ) -> Result<(), Failure> {
        world.admit_package(target, &self.version).await?;
        // What is replaced must be there to come back to, and what comes must be there now: better refused before than in between. For
        // what is kept nobody else is asked: the way back goes on where no repository answers.
        let kept = world.kept_versions(target).await?;
        for wanted in [found, &self.version] {
            if kept.contains(wanted) {
                continue;
            }
            let available = world.available_versions(target).await?;
            if !available.contains(wanted) {
                world.admit_package(target, wanted).await?;
                return Err(unavailable(wanted, target, &available));
            }
        }
        if *found != self.version && world.is_running(target).await? {
            return Err(Failure::new(
                "packages.install.running",
                format!("Kong is running on the node `{target}`"),
            )
            .hint("stop it first: `kong::stop(node)`"));
        }
        Ok(())
    }

    fn undo(&self, target: &str, observed: &Version) -> Option<Intent> {
        (*observed != self.version).then(|| {
            Intent::Install(Self {
                nodes: vec![target.to_owned()],
                version: *observed,
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Version,
    ) -> Result<Version, Failure> {
        // The way back of an installer that was kept out by another one's lock has nothing to do, and would be kept out as well.
        if *observed == self.version && world.package_is_whole(target, &self.version).await? {
            return Ok(*observed);
        }
        world.install_package(target, &self.version).await?;
        let installed = world.installed_version(target).await?;
        if installed == self.version {
            return Ok(installed);
        }
        let message = format!(
            "`kong version` on `{target}` says {installed} after {} was installed",
            self.version
        );
        Err(Failure::new("packages.install.other_version", message))
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &Version,
    ) -> Result<Settled<Version>, Failure> {
        // An installer that was killed in between may have left a `kong` that does not even tell its version.
        let installed = world.installed_version(target).await.ok();
        Ok(match installed {
            // One that tells it may be half installed all the same, or not be held as it was before.
            Some(installed)
                if installed == self.version
                    && world.package_is_whole(target, &self.version).await? =>
            {
                Settled::Done(installed)
            }
            _ => Settled::Partly,
        })
    }
}

/// A version that cannot be had on a node, where others can.
pub(super) fn unavailable(wanted: &Version, target: &str, available: &[Version]) -> Failure {
    let listed: Vec<String> = available.iter().map(ToString::to_string).collect();
    let message = format!("version {wanted} is not available on the node `{target}`");
    Failure::new("packages.install.unavailable", message).hint(format!(
        "available there: {}; where it comes from a repository, set up the one that has it: each minor version may have its own",
        listed.join(", ")
    ))
}
