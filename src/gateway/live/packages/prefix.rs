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
    let unreadable = |path: &Path, error: std::io::Error| {
        Failure::new(
            "packages.prefix",
            format!(
                "cannot look at `{}` on the node `{node}`: {error}",
                path.display()
            ),
        )
    };
    let mut versions = Vec::new();
    let names = host.names(prefix).await;
    for name in names.map_err(|error| unreadable(prefix, error))? {
        let version: Option<Version> = name
            .strip_prefix("kong-")
            .and_then(|version| version.parse().ok());
        let Some(version) = version else { continue };
        let command = prefix.join(name).join("bin/kong");
        // A connection that is lost here must not pass for a version that is not there: it may be observed, and restored as such.
        let exists = host.exists(&command).await;
        if exists.map_err(|error| unreadable(&command, error))? {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[tokio::test]
    async fn what_cannot_be_looked_at_is_not_taken_for_absent() {
        let directory = tempfile::tempdir().expect("a directory");
        let command = |version: &str| directory.path().join(format!("kong-{version}/bin/kong"));
        for version in ["2.8.5", "3.4.2", "3.9.1"] {
            std::fs::create_dir_all(command(version).parent().expect("a directory")).expect("made");
        }
        std::fs::write(command("2.8.5"), "").expect("written");
        let there = available(&Host::Here, directory.path(), "kong-1").await;
        assert_eq!(there.expect("listed"), [Version::new(2, 8, 5)]);
        // A link to itself is neither there nor not there.
        symlink("kong", command("3.4.2")).expect("linked");
        let failure = available(&Host::Here, directory.path(), "kong-1").await;
        let failure = failure.expect_err("not known");
        assert!(
            failure
                .message
                .contains("3.4.2/bin/kong` on the node `kong-1`"),
            "{failure}"
        );
    }
}
