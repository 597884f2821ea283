//! Versions side by side as `PREFIX/kong-VERSION`, the running one behind the link `PREFIX/current`.

use std::path::{Path, PathBuf};

use super::super::hosts::Host;
use crate::gateway::{Failure, KeptPackage};
use crate::kong::Version;

/// The link to the installed version.
const CURRENT: &str = "current";

pub(super) fn staged_command(prefix: &Path, version: &Version) -> PathBuf {
    prefix.join(format!("kong-{version}/bin/kong"))
}

/// The versions that are there.
pub(super) async fn available(
    host: &Host,
    prefix: &Path,
    node: &str,
) -> Result<Vec<Version>, Failure> {
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
    for name in host.names(prefix).await.map_err(unreadable)? {
        let version: Option<Version> = name
            .strip_prefix("kong-")
            .and_then(|version| version.parse().ok());
        let Some(version) = version else { continue };
        let command = prefix.join(name).join("bin/kong");
        if host.exists(&command).await.unwrap_or(false) {
            versions.push(version);
        }
    }
    Ok(versions)
}

/// Proves that a version is there.
pub(super) async fn keep(
    host: &Host,
    prefix: &Path,
    node: &str,
    version: &Version,
) -> Result<KeptPackage, Failure> {
    if available(host, prefix, node).await?.contains(version) {
        return Ok(KeptPackage {
            version: *version,
            sha256: None,
        });
    }
    let message = format!(
        "version {version} is not in `{}` on the node `{node}`",
        prefix.display()
    );
    Err(Failure::new("packages.install.unavailable", message)
        .hint(format!("put it there as `kong-{version}`")))
}

/// Lets the link lead to a version.
pub(super) async fn install(host: &Host, prefix: &Path, version: &Version) -> Result<(), Failure> {
    let target = format!("kong-{version}");
    let linked = host.link(prefix, CURRENT, &target).await;
    linked.map_err(|error| {
        Failure::new(
            "packages.install",
            format!(
                "cannot link `{}` to {version}: {error}",
                prefix.join(CURRENT).display()
            ),
        )
    })
}
