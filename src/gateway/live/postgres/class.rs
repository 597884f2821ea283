//! What a table of Kong's holds: configuration, what traffic writes, or what may be lost.

use serde::{Deserialize, Serialize};

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// What people configured; also every table that we do not know.
    Configuration,
    /// What client requests write: tokens, sessions, counters, statistics.
    Traffic,
    /// What nodes tell each other, which is emptied after a restore, since it speaks of nodes as they were; and books of ours.
    Ephemeral,
}

/// Tables that are emptied after a restore.
pub(super) const EPHEMERAL: [&str; 3] = ["locks", "cluster_events", "clustering_data_planes"];

const TRAFFIC: [&str; 8] = [
    "acme_storage",
    "oauth2_authorization_codes",
    "oauth2_tokens",
    "ratelimiting_metrics",
    "response_ratelimiting_metrics",
    "rl_counters",
    "sessions",
    "ttls",
];

const TRAFFIC_PREFIXES: [&str; 2] = ["audit_", "vitals_"];

/// The books in which counters are that were carried from one database to another.
pub(super) const BOOKS: &str = "cutover_gap";

/// Statistics per second: by far the largest tables of an Enterprise database, and worthless after a restore.
const EXCLUDED_PREFIX: &str = "vitals_stats_seconds_";

impl Class {
    /// The class of `schema.table`, where Kong's tables are in `kong_schema`.
    #[must_use]
    pub fn of(kong_schema: &str, schema: &str, table: &str) -> Self {
        if schema != kong_schema {
            return Self::Configuration;
        }
        let begins = |prefix: &&str| table.starts_with(*prefix);
        if EPHEMERAL.contains(&table) || table.starts_with(BOOKS) {
            Self::Ephemeral
        } else if TRAFFIC.contains(&table) || TRAFFIC_PREFIXES.iter().any(begins) {
            Self::Traffic
        } else {
            Self::Configuration
        }
    }
}

/// Whether the rows of the table stay out of backups.
pub(super) fn is_excluded(kong_schema: &str, schema: &str, table: &str) -> bool {
    schema == kong_schema && table.starts_with(EXCLUDED_PREFIX)
}

/// The pattern by which `pg_dump` leaves those rows out.
pub(super) fn excluded_pattern(kong_schema: &str) -> String {
    // A quoted part of a pattern is taken literally, so a schema's name cannot act as a pattern itself.
    format!(
        "{}.{EXCLUDED_PREFIX}*",
        super::quote::identifier(kong_schema)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_tables_and_foreign_schemas_count_as_configuration() {
        assert_eq!(Class::of("kong", "kong", "routes"), Class::Configuration);
        assert_eq!(Class::of("kong", "kong", "my_plugin"), Class::Configuration);
        assert_eq!(Class::of("kong", "other", "locks"), Class::Configuration);
        assert_eq!(Class::of("kong", "kong", "locks"), Class::Ephemeral);
        assert_eq!(Class::of("kong", "kong", BOOKS), Class::Ephemeral);
        assert_eq!(
            Class::of("kong", "kong", "vitals_stats_days"),
            Class::Traffic
        );
        assert!(is_excluded("kong", "kong", "vitals_stats_seconds_2026"));
    }
}
