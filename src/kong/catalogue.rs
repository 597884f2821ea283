//! The schema migrations that Kong 2.8, 3.4 and 3.9 know: subsystem, name, and whether a part of it waits for `finish`.
//!
//! Recorded from the `schema_meta` of the three releases; knows nothing of what a migration does.

use super::Version;
use super::migrations::Names;

/// One migration of a subsystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its name, unique in the subsystem.
    pub name: &'static str,
    /// The first of the recorded releases that knows it.
    since: (u16, u16),
    /// Whether it is `pending` after `up` and only executed by `finish`.
    pub has_teardown: bool,
}

impl Migration {
    /// Whether `version` knows it.
    #[must_use]
    pub fn is_known_to(&self, version: &Version) -> bool {
        version.is_at_least(self.since.0, self.since.1)
    }
}

/// A subsystem, which is the core or a plugin, with its migrations in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subsystem {
    /// `core`, or the plugin's name.
    pub name: &'static str,
    /// Its migrations, in the order in which they run.
    pub migrations: Vec<Migration>,
}

const fn plain(name: &'static str, major: u16, minor: u16) -> Migration {
    Migration {
        name,
        since: (major, minor),
        has_teardown: false,
    }
}

const fn two_phase(name: &'static str, major: u16, minor: u16) -> Migration {
    Migration {
        name,
        since: (major, minor),
        has_teardown: true,
    }
}

const CORE: &[Migration] = &[
    plain("000_base", 2, 8),
    plain("003_100_to_110", 2, 8),
    plain("004_110_to_120", 2, 8),
    two_phase("005_120_to_130", 2, 8),
    plain("006_130_to_140", 2, 8),
    plain("007_140_to_150", 2, 8),
    two_phase("008_150_to_200", 2, 8),
    two_phase("009_200_to_210", 2, 8),
    plain("010_210_to_211", 2, 8),
    plain("011_212_to_213", 2, 8),
    two_phase("012_213_to_220", 2, 8),
    plain("013_220_to_230", 2, 8),
    plain("014_230_to_270", 2, 8),
    plain("015_270_to_280", 2, 8),
    two_phase("016_280_to_300", 3, 4),
    plain("017_300_to_310", 3, 4),
    plain("018_310_to_320", 3, 4),
    plain("019_320_to_330", 3, 4),
    plain("020_330_to_340", 3, 4),
    plain("021_340_to_350", 3, 9),
    plain("022_350_to_360", 3, 9),
    plain("023_360_to_370", 3, 9),
    plain("024_380_to_390", 3, 9),
];

/// Every subsystem in the order in which Kong runs and prints them: the core, then the plugins by name.
const SUBSYSTEMS: [(&str, &[Migration]); 18] = [
    ("core", CORE),
    (
        "acl",
        &[
            plain("000_base_acl", 2, 8),
            plain("002_130_to_140", 2, 8),
            two_phase("003_200_to_210", 2, 8),
            two_phase("004_212_to_213", 2, 8),
        ],
    ),
    (
        "acme",
        &[
            plain("000_base_acme", 2, 8),
            plain("001_280_to_300", 3, 4),
            plain("002_320_to_330", 3, 4),
            two_phase("003_350_to_360", 3, 9),
        ],
    ),
    ("ai-proxy", &[two_phase("001_360_to_370", 3, 9)]),
    (
        "basic-auth",
        &[
            plain("000_base_basic_auth", 2, 8),
            plain("002_130_to_140", 2, 8),
            two_phase("003_200_to_210", 2, 8),
        ],
    ),
    ("bot-detection", &[two_phase("001_200_to_210", 2, 8)]),
    (
        "hmac-auth",
        &[
            plain("000_base_hmac_auth", 2, 8),
            plain("002_130_to_140", 2, 8),
            two_phase("003_200_to_210", 2, 8),
        ],
    ),
    ("http-log", &[two_phase("001_280_to_300", 3, 4)]),
    ("ip-restriction", &[two_phase("001_200_to_210", 2, 8)]),
    (
        "jwt",
        &[
            plain("000_base_jwt", 2, 8),
            plain("002_130_to_140", 2, 8),
            two_phase("003_200_to_210", 2, 8),
        ],
    ),
    (
        "key-auth",
        &[
            plain("000_base_key_auth", 2, 8),
            plain("002_130_to_140", 2, 8),
            two_phase("003_200_to_210", 2, 8),
            plain("004_320_to_330", 3, 4),
        ],
    ),
    (
        "oauth2",
        &[
            plain("000_base_oauth2", 2, 8),
            plain("003_130_to_140", 2, 8),
            two_phase("004_200_to_210", 2, 8),
            plain("005_210_to_211", 2, 8),
            plain("006_320_to_330", 3, 4),
            plain("007_320_to_330", 3, 4),
        ],
    ),
    ("opentelemetry", &[two_phase("001_331_to_332", 3, 9)]),
    ("post-function", &[two_phase("001_280_to_300", 3, 4)]),
    ("pre-function", &[two_phase("001_280_to_300", 3, 4)]),
    (
        "rate-limiting",
        &[
            plain("000_base_rate_limiting", 2, 8),
            plain("003_10_to_112", 2, 8),
            plain("004_200_to_210", 2, 8),
            plain("005_320_to_330", 3, 4),
            two_phase("006_350_to_360", 3, 9),
        ],
    ),
    (
        "response-ratelimiting",
        &[
            plain("000_base_response_rate_limiting", 2, 8),
            two_phase("001_350_to_360", 3, 9),
        ],
    ),
    (
        "session",
        &[
            plain("000_base_session", 2, 8),
            plain("001_add_ttl_index", 2, 8),
            plain("002_320_to_330", 3, 4),
        ],
    ),
];

/// The releases whose migrations are recorded.
pub const RECORDED: [Version; 3] = [
    Version::new(2, 8, 5),
    Version::new(3, 4, 2),
    Version::new(3, 9, 1),
];

/// The subsystems that `version` knows, each with at least one migration.
#[must_use]
pub fn of(version: &Version) -> Vec<Subsystem> {
    SUBSYSTEMS
        .iter()
        .map(|(name, migrations)| Subsystem {
            name,
            migrations: migrations
                .iter()
                .filter(|migration| migration.is_known_to(version))
                .copied()
                .collect(),
        })
        .filter(|subsystem| !subsystem.migrations.is_empty())
        .collect()
}

/// Every migration of every release, with its subsystem.
pub fn subsystems() -> impl Iterator<Item = (&'static str, Migration)> {
    SUBSYSTEMS
        .iter()
        .flat_map(|(name, migrations)| migrations.iter().map(|migration| (*name, *migration)))
}

/// What `up` from one version to another leaves pending for `finish`, by subsystem.
#[must_use]
pub fn second_phases(from: &Version, to: &Version) -> Names {
    let known = of(from);
    let is_known = |subsystem: &str, name: &str| {
        let same = known.iter().filter(|one| one.name == subsystem);
        same.flat_map(|one| &one.migrations)
            .any(|migration| migration.name == name)
    };
    let waiting = |one: Subsystem| {
        let new = one
            .migrations
            .iter()
            .filter(|migration| migration.has_teardown && !is_known(one.name, migration.name));
        let names: Vec<String> = new.map(|migration| migration.name.to_owned()).collect();
        (!names.is_empty()).then(|| (one.name.to_owned(), names))
    };
    of(to).into_iter().filter_map(waiting).collect()
}

impl Subsystem {
    /// The Lua namespace under which Kong keeps the subsystem's migrations.
    #[must_use]
    pub fn namespace(&self) -> String {
        if self.name == "core" {
            "kong.db.migrations.core".to_owned()
        } else {
            format!("kong.plugins.{}.migrations", self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_knows_as_many_migrations_as_were_recorded() {
        let counts = RECORDED.map(|version| {
            let subsystems = of(&version);
            let migrations: usize = subsystems.iter().map(|one| one.migrations.len()).sum();
            (subsystems.len(), migrations)
        });
        assert_eq!(counts, [(13, 43), (16, 58), (18, 67)]);
    }

    #[test]
    fn the_second_phases_of_the_two_upgrades_are_those_that_were_recorded() {
        let second_phases = |source: &Version, target: &Version| {
            let mut subsystems: Vec<String> = second_phases(source, target).into_keys().collect();
            subsystems.sort_by_key(|name| (name != "core", name.clone()));
            subsystems
        };
        let [two, three, nine] = RECORDED;
        assert_eq!(
            second_phases(&two, &three),
            ["core", "http-log", "post-function", "pre-function"]
        );
        assert_eq!(
            second_phases(&three, &nine),
            [
                "acme",
                "ai-proxy",
                "opentelemetry",
                "rate-limiting",
                "response-ratelimiting"
            ]
        );
    }
}
