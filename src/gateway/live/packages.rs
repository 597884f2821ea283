//! Packages: versions side by side as `PREFIX/kong-VERSION`, the running one behind the link `PREFIX/current`.

use std::path::{Path, PathBuf};

use super::Live;
use crate::environment::{Node, PackageDriver};
use crate::gateway::{Failure, Packages};
use crate::kong::Version;

/// The link to the installed version.
const CURRENT: &str = "current";

/// The path of the installed `kong` command of a node.
pub(super) fn kong_command(node: &Node) -> Result<PathBuf, Failure> {
    Ok(prefix(node)?.join(CURRENT).join("bin/kong"))
}

/// The path of the `kong` command of a version that is there beside the installed one.
pub(super) fn staged_command(node: &Node, version: &Version) -> Result<PathBuf, Failure> {
    Ok(prefix(node)?.join(format!("kong-{version}/bin/kong")))
}

impl Packages for Live {
    async fn available_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        let (_, found) = self.node(node)?;
        let prefix = prefix(&found)?;
        let unreadable = |error: std::io::Error| {
            Failure::new(
                "packages.prefix",
                format!(
                    "cannot list `{}` on the node `{node}`: {error}",
                    prefix.display()
                ),
            )
        };
        let mut versions = Vec::new();
        for entry in std::fs::read_dir(prefix).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let version: Option<Version> = name
                .strip_prefix("kong-")
                .and_then(|version| version.parse().ok());
            versions.extend(version.filter(|_| entry.path().join("bin/kong").exists()));
        }
        versions.sort_unstable();
        Ok(versions)
    }

    async fn install_package(&self, node: &str, version: &Version) -> Result<(), Failure> {
        let (_, found) = self.node(node)?;
        let prefix = prefix(&found)?;
        let target = PathBuf::from(format!("kong-{version}"));
        link(prefix, &target).map_err(|error| {
            Failure::new(
                "packages.install",
                format!(
                    "cannot link `{}` to {version}: {error}",
                    prefix.join(CURRENT).display()
                ),
            )
        })
    }
}

/// Points the link at `target` in one step: at every moment it leads to one version or the other.
fn link(prefix: &Path, target: &Path) -> std::io::Result<()> {
    let beside = prefix.join(".current.new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::os::unix::fs::symlink(target, &beside)?;
    std::fs::rename(&beside, prefix.join(CURRENT))?;
    std::fs::File::open(prefix)?.sync_all()
}

fn prefix(node: &Node) -> Result<&Path, Failure> {
    match &node.packages {
        PackageDriver::Prefix(prefix) => Ok(prefix),
        PackageDriver::Apt {}
        | PackageDriver::Dnf {}
        | PackageDriver::Deb {}
        | PackageDriver::Rpm {} => Err(Failure::new(
            "packages.driver",
            format!(
                "node `{}` has a package driver that does not exist yet",
                node.name
            ),
        )),
    }
}
