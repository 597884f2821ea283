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
    /// Debian packages through apt.
    Apt(AptPackages),
    /// RPM packages through dnf. Read, and refused by name until it exists.
    Dnf {},
    /// A `.deb` file. Read, and refused by name until it exists.
    Deb {},
    /// An `.rpm` file. Read, and refused by name until it exists.
    Rpm {},
}

/// Kong's package on a Debian system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AptPackages {
    /// The package: `kong`, or `kong-enterprise-edition`.
    #[serde(default = "kong")]
    pub name: String,
    /// Where packages are kept on the host, so that the old one can be installed again once no repository has it.
    #[serde(default = "archive")]
    pub archive: PathBuf,
    /// SHA-256 of packages by their version, over what a repository's signed lists say.
    #[serde(default)]
    pub sha256: BTreeMap<String, String>,
    /// The `kong` command that the package installs.
    #[serde(default = "kong_command")]
    pub command: PathBuf,
    /// Where apt's and dpkg's programs are.
    #[serde(default = "programs")]
    pub programs: PathBuf,
}

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
    pub(super) fn check(&self, node: &str) -> Result<(), Problem> {
        let driver = match self {
            Self::Prefix(_) | Self::Apt(_) => return Ok(()),
            Self::Dnf {} => "dnf",
            Self::Deb {} => "deb",
            Self::Rpm {} => "rpm",
        };
        Err(Problem::unsupported(
            node,
            "package driver",
            driver,
            "packages = { prefix = \"/opt/kong\" }",
        ))
    }
}
