//! What the practice cluster can make go wrong: a file in the prefix that only the stand-in reads, its command and its nodes alike.
//!
//! Read again for each command and each request, so that a fault is switched on and off while a node runs.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The file's name in Kong's prefix.
pub const FAULTS: &str = "stand-in-faults.json";

/// The faults to commit; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// The migration whose SQL fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_fails: Option<String>,
    /// The migration that never returns, its transaction open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_hangs: Option<String>,
    /// The first migration of a run is sent in one piece with its record, and the server waits so long before it commits:
    /// killing the client in between does not stop it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_commits_late_ms: Option<u64>,
    /// A wait before each migration, its lock held and nothing open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_delay_ms: Option<u64>,
    /// Every Admin answer takes this much longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_delay_ms: Option<u64>,
    /// The Admin API claims to be this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_lies_version: Option<String>,
    /// Every Admin answer has this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_status: Option<u16>,
    /// Every proxy answer has this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_status: Option<u16>,
    /// The node's clock is this much ahead, or behind where it is below 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_ahead_ms: Option<i64>,
    /// The balancer goes on with the targets that it has.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub balancer_stuck: bool,
    /// A control plane gives its data planes something else than its database holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushes: Option<Pushes>,
    /// A data plane does not take what it is given.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub takes_nothing: bool,
    /// The process dies, without a word, after so many requests since its start (Admin and proxy counted together).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dies_after_requests: Option<u64>,
}

/// What a control plane gives instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pushes {
    /// A configuration without entities.
    Empty,
    /// What the database holds, without the plugins.
    Wrong,
}

impl Faults {
    /// Reads the faults in `prefix`; a missing file means none. A command stops at a file that makes no sense.
    pub fn read(prefix: &Path) -> Result<Self, serde_json::Error> {
        let Ok(text) = std::fs::read(prefix.join(FAULTS)) else {
            return Ok(Self::default());
        };
        serde_json::from_slice(&text)
    }

    /// The same for a node, which goes on and says so in its log.
    #[must_use]
    pub fn of(prefix: &Path) -> Self {
        Self::read(prefix).unwrap_or_else(|error| {
            tracing::warn!("`{FAULTS}` is ignored: {error}");
            Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_faults_is_read_and_a_wrong_one_is_refused() {
        let prefix = tempfile::tempdir().expect("a directory");
        let read = || Faults::read(prefix.path());
        assert_eq!(read().expect("none"), Faults::default());
        let path = prefix.path().join(FAULTS);
        let faults = Faults {
            migration_fails: Some("016_280_to_300".to_owned()),
            admin_status: Some(500),
            ..Faults::default()
        };
        let text = serde_json::to_string(&faults).expect("JSON");
        assert_eq!(
            text,
            r#"{"migration_fails":"016_280_to_300","admin_status":500}"#
        );
        std::fs::write(&path, text).expect("written");
        assert_eq!(read().expect("read"), faults);
        std::fs::write(&path, r#"{"migration_fail": "x"}"#).expect("written");
        let error = read().expect_err("unknown key").to_string();
        assert!(error.contains("migration_fail"), "{error}");
        assert_eq!(Faults::of(prefix.path()), Faults::default());
    }
}
