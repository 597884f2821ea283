//! Packages of the model: every version that is available can be kept and installed.

use super::{Simulated, Work};
use crate::gateway::{Failure, KeptPackage, Packages};
use crate::kong::Version;

impl Packages for Simulated {
    async fn available_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |node| node.available.clone())
    }

    async fn trial_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |node| node.trial_versions().to_vec())
    }

    async fn kept_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        self.node(node, |node| node.kept.iter().copied().collect())
    }

    async fn admit_package(&self, _node: &str, _version: &Version) -> Result<(), Failure> {
        Ok(())
    }

    async fn package_is_whole(&self, _node: &str, _version: &Version) -> Result<bool, Failure> {
        Ok(true)
    }

    async fn keep_package(&self, node: &str, version: &Version) -> Result<KeptPackage, Failure> {
        self.work(Work::Look, 0);
        self.change_node(node, |node| {
            node.kept.insert(*version);
        })?;
        Ok(KeptPackage {
            version: *version,
            sha256: None,
        })
    }

    async fn drop_package(&self, node: &str, version: &Version) -> Result<(), Failure> {
        self.work(Work::Look, 0);
        self.change_node(node, |node| {
            node.kept.remove(version);
        })
    }

    async fn install_package(&self, node: &str, version: &Version) -> Result<(), Failure> {
        self.work(Work::Install, 0);
        self.change_node(node, |node| node.installed = *version)
    }
}
