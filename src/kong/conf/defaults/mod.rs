//! What Kong fills in where nothing is set, version by version.

mod changes;
mod first;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kong::Version;
use changes::CHANGES;
use first::FIRST;

/// The first release whose defaults are known.
const FIRST_KNOWN: Version = Version::new(2, 8, 0);

/// The last open-source release of each line whose defaults are known; those before it in its line are known as well.
const LAST_KNOWN: [Version; 11] = [
    Version::new(2, 8, 5),
    Version::new(3, 0, 2),
    Version::new(3, 1, 1),
    Version::new(3, 2, 2),
    Version::new(3, 3, 1),
    Version::new(3, 4, 2),
    Version::new(3, 5, 0),
    Version::new(3, 6, 1),
    Version::new(3, 7, 1),
    Version::new(3, 8, 1),
    Version::new(3, 9, 3),
];

/// The defaults of a version of Kong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The version they are for.
    pub version: Version,
    /// The open-source release they were read from.
    pub source: Version,
    values: BTreeMap<&'static str, &'static str>,
}

/// A version older than every one whose defaults are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("the defaults of Kong {version} are not known: the first known are those of {FIRST_KNOWN}")]
pub struct UnknownVersion {
    /// The version.
    pub version: Version,
}

impl Defaults {
    /// The defaults of a version; of one that was not read those of the nearest earlier release, which [`source`](Self::source) tells.
    /// For Enterprise that is the open-source release below it, which knows fewer keys.
    pub fn of(version: Version) -> Result<Self, UnknownVersion> {
        let source = source(version).ok_or(UnknownVersion { version })?;
        let mut values: BTreeMap<_, _> = FIRST.iter().copied().collect();
        for change in CHANGES.iter().filter(|change| change.since <= source) {
            values.retain(|key, _| !change.gone.contains(key));
            values.extend(change.set.iter().copied());
        }
        Ok(Self {
            version,
            source,
            values,
        })
    }

    /// Whether they were read from this very version.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.version == self.source
    }

    /// The keys that the version has.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.values.keys().copied()
    }

    /// Whether the version has a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The default of a key, if it has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'static str> {
        self.values
            .get(key)
            .copied()
            .filter(|value| !value.is_empty())
    }
}

fn source(version: Version) -> Option<Version> {
    let plain = Version {
        build: None,
        ..version
    };
    let last = LAST_KNOWN
        .iter()
        .rev()
        .find(|last| (last.major, last.minor) <= (version.major, version.minor))?;
    Some(plain.min(*last))
}

#[cfg(test)]
mod tests {
    use super::Defaults;

    fn of(version: &str) -> Defaults {
        Defaults::of(version.parse().expect("a version")).expect("known")
    }

    #[test]
    fn the_tables_have_the_sizes_of_kongs() {
        let counts = [
            ("2.8.5", 164),
            ("3.0.0", 160),
            ("3.1.0", 163),
            ("3.2.0", 174),
            ("3.3.0", 184),
            ("3.4.0", 181),
            ("3.4.2", 182),
            ("3.5.0", 184),
            ("3.6.0", 184),
            ("3.6.1", 191),
            ("3.7.0", 193),
            ("3.8.0", 203),
            ("3.9.1", 204),
        ];
        for (version, count) in counts {
            assert_eq!(of(version).keys().count(), count, "{version}");
            assert!(of(version).is_exact(), "{version}");
        }
    }

    #[test]
    fn some_defaults_are_pinned() {
        let pinned = [
            ("pg_host", [Some("127.0.0.1"); 3]),
            ("pg_password", [None; 3]),
            ("plugins", [Some("bundled"); 3]),
            ("vaults", [Some("off"), Some("bundled"), Some("bundled")]),
            (
                "worker_consistency",
                [Some("strict"), Some("eventual"), Some("eventual")],
            ),
            (
                "upstream_keepalive_pool_size",
                [Some("60"), Some("512"), Some("512")],
            ),
            (
                "upstream_keepalive_max_requests",
                [Some("100"), Some("1000"), Some("10000")],
            ),
            (
                "cluster_max_payload",
                [Some("4194304"), Some("16777216"), Some("16777216")],
            ),
            (
                "router_flavor",
                [
                    None,
                    Some("traditional_compatible"),
                    Some("traditional_compatible"),
                ],
            ),
            (
                "status_listen",
                [
                    Some("off"),
                    Some("off"),
                    Some("127.0.0.1:8007 reuseport backlog=16384"),
                ],
            ),
            (
                "lua_ssl_trusted_certificate",
                [None, Some("system"), Some("system")],
            ),
            ("cassandra_port", [Some("9042"), None, None]),
            ("dns_stale_ttl", [Some("4"), Some("4"), Some("3600")]),
            ("dedicated_config_processing", [None, None, Some("on")]),
            ("lua_package_path", [Some("./?.lua;./?/init.lua;"); 3]),
        ];
        let versions = ["2.8.5", "3.4.2", "3.9.1"].map(of);
        for (key, values) in pinned {
            let found = [0, 1, 2].map(|index| versions[index].get(key));
            assert_eq!(found, values, "{key}");
        }
        assert!(of("3.9.1").has("pg_password") && !of("3.9.1").has("cassandra_port"));
    }

    #[test]
    fn a_version_that_was_not_read_takes_the_nearest_earlier_one_and_says_so() {
        let sources = [
            ("3.4.3.5", "3.4.2"),
            ("2.8.4.1", "2.8.4"),
            ("3.10.0", "3.9.3"),
            ("3.4.0", "3.4.0"),
            ("4.0.0", "3.9.3"),
        ];
        for (version, source) in sources {
            assert_eq!(of(version).source.to_string(), source);
            assert_eq!(of(version).is_exact(), version == source, "{version}");
        }
        let error = Defaults::of("2.7.2".parse().expect("a version")).expect_err("too old");
        assert_eq!(
            error.to_string(),
            "the defaults of Kong 2.7.2 are not known: the first known are those of 2.8.0"
        );
    }
}
