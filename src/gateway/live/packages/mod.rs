//! Kong's packages on nodes, by the driver that the environment file names.

mod apt;
mod known;
mod prefix;

use std::path::PathBuf;

use super::Live;
use super::hosts::Host;
use crate::environment::{Node, PackageDriver};
use crate::gateway::{Failure, Packages};
use crate::kong::Version;

/// The path of the installed `kong` command of a node.
pub(super) fn kong_command(node: &Node) -> Result<PathBuf, Failure> {
    match &node.packages {
        PackageDriver::Prefix(prefix) => Ok(prefix::kong_command(prefix)),
        PackageDriver::Apt(apt) => Ok(apt.command.clone()),
        _ => Err(missing(node)),
    }
}

/// The path of the `kong` command of a version that is there beside the installed one.
pub(super) fn staged_command(node: &Node, version: &Version) -> Result<PathBuf, Failure> {
    match &node.packages {
        PackageDriver::Prefix(prefix) => Ok(prefix::staged_command(prefix, version)),
        _ => Err(Failure::new(
            "packages.one_version",
            format!("the host of the node `{}` has one version of Kong at a time, so {version} cannot run beside it", node.name),
        )
        .hint("rehearse where versions stand side by side (`packages = { prefix = … }`), or on another host")),
    }
}

/// Where a version's own template of nginx's configuration is on a node whose `installed` version this is; none where that version is not there.
pub(super) fn template_file(
    node: &Node,
    installed: &Version,
    version: &Version,
    name: &str,
) -> Option<PathBuf> {
    let templates = |prefix: PathBuf| prefix.join("share/lua/5.1/kong/templates").join(name);
    match &node.packages {
        PackageDriver::Prefix(prefix) => Some(templates(prefix.join(format!("kong-{version}")))),
        _ => (installed == version).then(|| templates("/usr/local".into())),
    }
}

impl Packages for Live {
    async fn available_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let mut versions = match &found.packages {
            PackageDriver::Prefix(prefix) => prefix::available(&host, prefix, node).await?,
            PackageDriver::Apt(apt) => self.apt(&host, &found, apt).available().await?,
            _ => return Err(missing(&found)),
        };
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }

    async fn install_package(&self, node: &str, version: &Version) -> Result<(), Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        match &found.packages {
            PackageDriver::Prefix(prefix) => prefix::install(&host, prefix, version).await,
            PackageDriver::Apt(apt) => self.apt(&host, &found, apt).install(version).await,
            _ => Err(missing(&found)),
        }
    }
}

impl Live {
    fn apt<'a>(
        &'a self,
        host: &'a Host,
        node: &'a Node,
        packages: &'a crate::environment::AptPackages,
    ) -> apt::Apt<'a> {
        apt::Apt {
            live: self,
            host,
            node,
            packages,
        }
    }
}

fn missing(node: &Node) -> Failure {
    let message = format!(
        "node `{}` has a package driver that does not exist yet",
        node.name
    );
    Failure::new("packages.driver", message)
}
