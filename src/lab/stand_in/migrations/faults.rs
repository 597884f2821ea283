//! What the practice cluster can make go wrong in a migration: a file in the prefix that only the stand-in reads.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::MigrationError;

/// The file's name in Kong's prefix.
pub const FAULTS_FILE: &str = "stand-in-faults.json";

/// The faults to commit; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// The migration whose SQL fails.
    pub migration_fails: Option<String>,
    /// The migration that never returns, its transaction open.
    pub migration_hangs: Option<String>,
    /// The first migration of a run is sent in one piece with its record, and the server waits so long before it commits:
    /// killing the client in between does not stop it.
    pub migration_commits_late_ms: Option<u64>,
    /// A wait before each migration, its lock held and nothing open.
    pub migration_delay_ms: Option<u64>,
}

impl Faults {
    /// Reads the faults in `prefix`; a missing file means none.
    pub fn read(prefix: &Path) -> Result<Self, MigrationError> {
        let path = prefix.join(FAULTS_FILE);
        let Ok(text) = std::fs::read_to_string(&path) else {
            return Ok(Self::default());
        };
        serde_json::from_str(&text).map_err(|source| MigrationError::Faults {
            path: path.display().to_string(),
            source,
        })
    }

    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.migration_delay_ms.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_faults_is_read_and_a_wrong_one_is_named() {
        let prefix = tempfile::tempdir().expect("a directory");
        assert_eq!(
            Faults::read(prefix.path()).expect("none"),
            Faults::default()
        );
        let path = prefix.path().join(FAULTS_FILE);
        std::fs::write(&path, r#"{"migration_fails": "016_280_to_300"}"#).expect("written");
        let faults = Faults::read(prefix.path()).expect("read");
        assert_eq!(faults.migration_fails.as_deref(), Some("016_280_to_300"));
        std::fs::write(&path, r#"{"migration_fail": "x"}"#).expect("written");
        let error = Faults::read(prefix.path())
            .expect_err("unknown key")
            .to_string();
        assert!(
            error.contains("stand-in-faults.json") && error.contains("migration_fail"),
            "{error}"
        );
    }
}
