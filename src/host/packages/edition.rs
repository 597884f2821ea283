//! The editions of Kong that have packages of their own, and what these are called. After Kong's package repositories.

use std::fmt;

use serde::Serialize;

use crate::kong::Version;

/// Which Kong a package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// The open source: versions of three numbers.
    OpenSource,
    /// Enterprise: versions of four numbers.
    Enterprise,
    /// Enterprise with only what the United States' standard for cryptography takes; from 3.0 on.
    EnterpriseFips,
}

/// The names, the longer before those that they begin with.
const NAMES: [(&str, Edition); 4] = [
    ("kong-enterprise-edition-fips", Edition::EnterpriseFips),
    ("kong-enterprise-edition", Edition::Enterprise),
    ("kong-community-edition", Edition::OpenSource),
    ("kong", Edition::OpenSource),
];

impl Edition {
    /// All.
    pub const ALL: [Self; 3] = [Self::OpenSource, Self::Enterprise, Self::EnterpriseFips];

    /// The name of the package that holds `version` in this edition.
    #[must_use]
    pub fn package(self, version: &Version) -> &'static str {
        match self {
            Self::OpenSource if version.is_at_least(1, 2) => "kong",
            Self::OpenSource => "kong-community-edition",
            Self::Enterprise => "kong-enterprise-edition",
            Self::EnterpriseFips => "kong-enterprise-edition-fips",
        }
    }

    /// The edition in the package of that name.
    #[must_use]
    pub fn of_package(name: &str) -> Option<Self> {
        let found = NAMES.into_iter().find(|(one, _)| *one == name);
        found.map(|(_, edition)| edition)
    }

    /// All names of Kong's packages, to ask a host for.
    pub fn packages() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }

    /// Whether versions of this edition have a fourth number.
    #[must_use]
    pub fn has_builds(self) -> bool {
        self != Self::OpenSource
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::OpenSource => "the open source",
            Self::Enterprise => "Enterprise",
            Self::EnterpriseFips => "Enterprise FIPS",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_their_time() {
        for (edition, version, name) in [
            (Edition::OpenSource, "1.1.2", "kong-community-edition"),
            (Edition::OpenSource, "1.2.0", "kong"),
            (Edition::OpenSource, "3.9.1", "kong"),
            (Edition::Enterprise, "2.8.1.1", "kong-enterprise-edition"),
            (
                Edition::EnterpriseFips,
                "3.4.3.5",
                "kong-enterprise-edition-fips",
            ),
        ] {
            let version = version.parse().expect("a version");
            assert_eq!(edition.package(&version), name);
            assert_eq!(Edition::of_package(name), Some(edition));
        }
        assert_eq!(Edition::of_package("kong-dashboard"), None);
        assert_eq!(Edition::packages().count(), 4);
    }
}
