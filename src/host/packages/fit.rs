//! Whether a package fits a host and what is installed there. Follows Kong's packages: an edition is a package of its own, and they
//! exclude each other.

use std::fmt;

use serde::Serialize;

use super::edition::Edition;
use super::file_name::PackageFile;
use crate::host::facts::{Architecture, Format};

/// Where a package is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host's tools.
    pub format: Format,
    /// The host's processor.
    pub architecture: Architecture,
    /// The tags of its distribution that packages use: `jammy`, or `el8` and `rhel8`.
    pub distributions: Vec<String>,
    /// What is installed there.
    pub installed: Option<Edition>,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfit {
    /// The package is for other tools.
    Format(Format),
    /// It is for another processor.
    Architecture {
        /// Which it is for.
        package: Architecture,
        /// Which the host has.
        host: Architecture,
    },
    /// It is for another distribution.
    Distribution {
        /// Which.
        package: String,
    },
    /// It holds another edition than the host has.
    Edition {
        /// What it holds.
        package: Edition,
        /// What the host has.
        host: Edition,
    },
    /// Its version has too many or too few numbers for its edition.
    Version(Edition),
}

/// All that does not fit.
#[must_use]
pub fn fit(file: &PackageFile, target: &Target) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    if file.format != target.format {
        misfits.push(Misfit::Format(file.format));
    }
    // Packages for all processors have programs for one in them.
    let package = file.architecture.clone().unwrap_or(Architecture::X8664);
    if package != target.architecture {
        let host = target.architecture.clone();
        misfits.push(Misfit::Architecture { package, host });
    }
    let tag = file.distribution.iter();
    let others = tag.filter(|tag| !target.distributions.contains(tag));
    misfits.extend(others.map(|tag| Misfit::Distribution {
        package: tag.clone(),
    }));
    if let Some(host) = target.installed.filter(|host| *host != file.edition) {
        let package = file.edition;
        misfits.push(Misfit::Edition { package, host });
    }
    if file.version.build.is_some() != file.edition.has_builds() {
        misfits.push(Misfit::Version(file.edition));
    }
    misfits
}

impl Misfit {
    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Format(Format::Deb) => "fetch the .rpm file of this version".to_owned(),
            Self::Format(Format::Rpm) => "fetch the .deb file of this version".to_owned(),
            Self::Architecture { host, .. } => format!("fetch the package for {host}"),
            Self::Distribution { .. } => {
                "fetch the package for this host's distribution".to_owned()
            }
            Self::Edition { host, .. } => {
                format!(
                    "fetch the package of {host}: to change the edition is a move of its own, not an upgrade"
                )
            }
            Self::Version(_) => "see where this file comes from".to_owned(),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(Format::Deb) => write!(out, "it is for dpkg, and the host has rpm"),
            Self::Format(Format::Rpm) => write!(out, "it is for rpm, and the host has dpkg"),
            Self::Architecture { package, host } => {
                write!(out, "it is for {package}, and the host is {host}")
            }
            Self::Distribution { package } => {
                write!(out, "it is for `{package}`, which the host is not")
            }
            Self::Edition { package, host } => {
                write!(out, "it holds {package}, and the host has {host}")
            }
            Self::Version(Edition::OpenSource) => {
                write!(out, "versions of the open source have three numbers")
            }
            Self::Version(edition) => write!(out, "versions of {edition} have four numbers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told() {
        let target = Target {
            format: Format::Deb,
            architecture: Architecture::X8664,
            distributions: vec!["jammy".to_owned()],
            installed: Some(Edition::OpenSource),
        };
        for (name, misfits) in [
            ("kong_3.9.1_amd64.deb", vec![]),
            ("kong-2.8.1.jammy.amd64.deb", vec![]),
            (
                "kong-1.3.0.bionic.all.deb",
                vec!["it is for `bionic`, which the host is not"],
            ),
            (
                "kong_3.9.1_arm64.deb",
                vec!["it is for aarch64, and the host is x86_64"],
            ),
            (
                "kong-3.9.1-1.x86_64.rpm",
                vec!["it is for rpm, and the host has dpkg"],
            ),
            (
                "kong_3.9.1.2_amd64.deb",
                vec!["versions of the open source have three numbers"],
            ),
            (
                "kong-enterprise-edition_3.4.3_amd64.deb",
                vec![
                    "it holds Enterprise, and the host has the open source",
                    "versions of Enterprise have four numbers",
                ],
            ),
        ] {
            let file = PackageFile::of(name).expect("a package's name");
            let found = fit(&file, &target).into_iter();
            let found: Vec<String> = found.map(|one| one.to_string()).collect();
            assert_eq!(found, misfits, "{name}");
        }
    }
}
