//! How Kong is installed on a node, as the inventory says it: versions side by side, or a package of the distribution's.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Problem;

/// How Kong's packages are installed on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PackageDriver {
    /// Versions side by side as `PREFIX/kong-VERSION`, the running one behind the link `PREFIX/current`.
    Prefix(PathBuf),
    /// Debian packages from apt's repositories.
    Apt(RepositoryPackages),
    /// RPM packages from the repositories of dnf, which newer systems call yum too.
    Dnf(RepositoryPackages),
    /// RPM packages from the repositories of yum 3, which Red Hat's seventh release has.
    Yum(RepositoryPackages),
    /// `.deb` files in a directory on the node's host.
    Deb(FilePackages),
    /// `.rpm` files in a directory on the node's host.
    Rpm(FilePackages),
}

/// Kong's package in repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryPackages {
    /// The package: `kong`, or `kong-enterprise-edition`.
    #[serde(default = "kong")]
    pub name: String,
    /// Where packages are kept on the host, so that the old one can be installed again once no repository has it.
    #[serde(default = "archive")]
    pub archive: PathBuf,
    /// SHA-256 of packages by their version, over what a repository's signed lists or a package's signature say.
    #[serde(default)]
    pub sha256: BTreeMap<String, String>,
    /// The `kong` command that the package installs.
    #[serde(default = "kong_command")]
    pub command: PathBuf,
    /// Where the programs of apt and dpkg, or of dnf or yum and rpm, are.
    #[serde(default = "programs")]
    pub programs: PathBuf,
}

/// Kong's package as files that lie on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilePackages {
    /// Where the files lie, under the names that Kong gives them: `kong_3.9.1_amd64.deb`, `kong-3.9.1.el8.amd64.rpm`.
    pub directory: PathBuf,
    /// The package: `kong`, or `kong-enterprise-edition`.
    #[serde(default = "kong")]
    pub name: String,
    /// Where packages are kept on the host, so that the old one can be installed again once its file is gone.
    #[serde(default = "archive")]
    pub archive: PathBuf,
    /// SHA-256 of the files by their version. A `.deb` file without one is not installed; an `.rpm` file needs one, or a good signature
    /// by a key that rpm knows.
    #[serde(default)]
    pub sha256: BTreeMap<String, String>,
    /// The `kong` command that the package installs.
    #[serde(default = "kong_command")]
    pub command: PathBuf,
    /// Where the programs of apt and dpkg, or of rpm, are.
    #[serde(default = "programs")]
    pub programs: PathBuf,
}

/// How many digits a SHA-256 has.
const DIGITS: usize = 64;

fn kong() -> String {
    "kong".to_owned()
}

fn archive() -> PathBuf {
    "/var/cache/cutover".into()
}

fn kong_command() -> PathBuf {
    "/usr/local/bin/kong".into()
}

fn programs() -> PathBuf {
    "/usr/bin".into()
}

impl PackageDriver {
    /// The installed `kong` command.
    #[must_use]
    pub fn command(&self) -> PathBuf {
        match self {
            Self::Prefix(prefix) => prefix.join("current/bin/kong"),
            Self::Apt(packages) | Self::Dnf(packages) | Self::Yum(packages) => {
                packages.command.clone()
            }
            Self::Deb(packages) | Self::Rpm(packages) => packages.command.clone(),
        }
    }

    pub(super) fn check(&self, node: &str) -> Result<(), Problem> {
        let pins = match self {
            Self::Prefix(_) => return Ok(()),
            Self::Apt(packages) | Self::Dnf(packages) | Self::Yum(packages) => &packages.sha256,
            Self::Deb(packages) | Self::Rpm(packages) => &packages.sha256,
        };
        let is_digest = |text: &str| {
            text.len() == DIGITS && text.bytes().all(|digit| digit.is_ascii_hexdigit())
        };
        if let Some((version, wrong)) = pins.iter().find(|(_, digest)| !is_digest(digest)) {
            return Err(Problem::package(
                node,
                &format!("\"{wrong}\""),
                &format!("has no SHA-256 for version {version} in `{wrong}`"),
                "give its 64 digits, as `sha256sum` prints them",
            ));
        }
        if matches!(self, Self::Deb(_)) && pins.is_empty() {
            return Err(Problem::package(
                node,
                "deb",
                "is a `.deb` file of which nothing says what it must be",
                "give the digest of each version: `sha256 = { \"3.9.1\" = \"…\" }`",
            ));
        }
        Ok(())
    }
}
