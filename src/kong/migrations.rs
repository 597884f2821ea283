//! What `kong migrations` says: the state of a database's schema, read from the text and exit code of `list`.
//!
//! Owns the recognition of Kong's sentences, the same in 2.8, 3.4 and 3.9; runs nothing. `list` is the only verdict: `up` and
//! `finish` exit 0 also when they did nothing, which is what [`was_aborted`] is for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What `up`, `finish` and `bootstrap` print, with exit code 0, when another node holds the lock.
pub const ABORTED: &str = "aborted: another node is performing database changes";

/// What begins `list`'s text about an empty database.
const NEEDS_BOOTSTRAP: &str = "Database needs bootstrapping";

/// Migrations by subsystem: `core`, or a plugin's name.
pub type Names = BTreeMap<String, Vec<String>>;

/// Where a database's schema stands, seen from one version of Kong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationState {
    /// There is no schema at all.
    pub needs_bootstrap: bool,
    /// What has run to its end.
    pub executed: Names,
    /// What `up` has run and `finish` has not.
    pub pending: Names,
    /// What this version of Kong knows and the database has not seen.
    pub new: Names,
}

/// Migrations as a person reads them: `core 016_280_to_300, http-log 001_280_to_300`.
#[must_use]
pub fn told(names: &Names) -> String {
    let each = names
        .iter()
        .flat_map(|(subsystem, names)| names.iter().map(move |name| format!("{subsystem} {name}")));
    each.collect::<Vec<_>>().join(", ")
}

/// What a [`MigrationState`] comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// `bootstrap` comes first.
    NeedsBootstrap,
    /// Nothing to do.
    UpToDate,
    /// `finish` is due.
    Pending,
    /// `up` is due.
    New,
    /// `finish` is due, of an earlier upgrade, and then `up`.
    PendingAndNew,
}

/// Why the output of `kong migrations list` says nothing about the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The command failed.
    #[error("`kong migrations list` ended with exit code {exit_code}: {message}")]
    Failed {
        /// Its exit code.
        exit_code: i32,
        /// Kong's error, or all it printed.
        message: String,
    },
    /// A line is not one of Kong's.
    #[error("`kong migrations list` printed a line that is not understood: `{line}`")]
    Line {
        /// The line.
        line: String,
    },
    /// Text and exit code do not agree.
    #[error(
        "`kong migrations list` ended with exit code {exit_code}, but its text says {verdict:?}"
    )]
    Disagreement {
        /// The exit code.
        exit_code: i32,
        /// What the text says.
        verdict: Verdict,
    },
}

impl MigrationState {
    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (
            self.needs_bootstrap,
            self.pending.is_empty(),
            self.new.is_empty(),
        ) {
            (true, _, _) => Verdict::NeedsBootstrap,
            (false, true, true) => Verdict::UpToDate,
            (false, false, true) => Verdict::Pending,
            (false, true, false) => Verdict::New,
            (false, false, false) => Verdict::PendingAndNew,
        }
    }
}

impl Verdict {
    /// The exit code of `kong migrations list`. Pending hides new: both together are 4.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::UpToDate => 0,
            Self::NeedsBootstrap => 3,
            Self::Pending | Self::PendingAndNew => 4,
            Self::New => 5,
        }
    }
}

/// Reads what `kong migrations list` printed and returned.
pub fn parse_list(exit_code: i32, stdout: &str, stderr: &str) -> Result<MigrationState, ListError> {
    if ![0, 3, 4, 5].contains(&exit_code) {
        return Err(ListError::Failed {
            exit_code,
            message: error_message(stderr).unwrap_or_else(|| format!("{stdout}{stderr}")),
        });
    }
    let state = if stdout.starts_with(NEEDS_BOOTSTRAP) {
        MigrationState {
            needs_bootstrap: true,
            ..MigrationState::default()
        }
    } else {
        parse_sections(stdout)?
    };
    let verdict = state.verdict();
    if i32::from(verdict.exit_code()) == exit_code {
        Ok(state)
    } else {
        Err(ListError::Disagreement { exit_code, verdict })
    }
}

/// Whether `up`, `finish`, `bootstrap` or `reset` did nothing because another node held the lock.
#[must_use]
pub fn was_aborted(stdout: &str) -> bool {
    stdout.lines().any(|line| line.trim() == ABORTED)
}

/// Kong's error in `stderr`, without its prefix and its advice about `--v`.
#[must_use]
pub fn error_message(stderr: &str) -> Option<String> {
    let (_, text) = stderr.split_once("Error: ")?;
    let text = text.split("\n  Run with --v").next().unwrap_or(text);
    Some(text.trim().to_owned())
}

fn parse_sections(stdout: &str) -> Result<MigrationState, ListError> {
    let mut state = MigrationState::default();
    let mut section = None;
    for line in stdout
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        match line {
            "Executed migrations:" => section = Some(&mut state.executed),
            "Pending migrations:" => section = Some(&mut state.pending),
            "New migrations available:" => section = Some(&mut state.new),
            _ if line.starts_with("Run 'kong migrations") => section = None,
            _ => {
                let unknown = || ListError::Line {
                    line: line.to_owned(),
                };
                let (subsystem, names) = line.split_once(": ").ok_or_else(unknown)?;
                section.as_mut().ok_or_else(unknown)?.insert(
                    subsystem.to_owned(),
                    names.split(", ").map(str::to_owned).collect(),
                );
            }
        }
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "Executed migrations:\n core: 000_base, 003_100_to_110\n  acl: 000_base_acl\n\n\
        Pending migrations:\n core: 016_280_to_300\n\nNew migrations available:\n core: 021_340_to_350\n acme: 003_350_to_360\n\n\n\
        Run 'kong migrations finish' when ready to complete pending migrations (postgres database will be incompatible with the previous Kong version)\n";

    #[test]
    fn pending_and_new_are_both_read() {
        let state = parse_list(4, BOTH, "").expect("understood");
        assert_eq!(state.verdict(), Verdict::PendingAndNew);
        assert_eq!(state.executed["core"], ["000_base", "003_100_to_110"]);
        assert_eq!(state.pending["core"], ["016_280_to_300"]);
        assert_eq!(state.new["acme"], ["003_350_to_360"]);
    }

    #[test]
    fn an_empty_database_needs_bootstrapping() {
        let text = "Database needs bootstrapping or is older than Kong 1.0.\n\nTo start …\n";
        let state = parse_list(3, text, "").expect("understood");
        assert_eq!(state.verdict(), Verdict::NeedsBootstrap);
    }

    #[test]
    fn a_failure_carries_kongs_own_words() {
        let stderr = "Error: [PostgreSQL error] failed to retrieve PostgreSQL server_version_num: connection refused\n\n  Run with --v (verbose) or --vv (debug) for more details\n";
        let error = parse_list(1, "", stderr).expect_err("failed");
        assert_eq!(
            error.to_string(),
            "`kong migrations list` ended with exit code 1: [PostgreSQL error] failed to retrieve PostgreSQL server_version_num: connection refused"
        );
    }

    #[test]
    fn text_and_exit_code_must_agree_and_every_line_be_known() {
        assert!(matches!(
            parse_list(0, BOTH, ""),
            Err(ListError::Disagreement {
                exit_code: 0,
                verdict: Verdict::PendingAndNew
            })
        ));
        assert!(matches!(
            parse_list(0, "Executed migrations:\nsomething else\n", ""),
            Err(ListError::Line { .. })
        ));
    }

    #[test]
    fn an_abort_is_seen_though_the_exit_code_is_0() {
        assert!(was_aborted(
            "aborted: another node is performing database changes\n"
        ));
        assert!(!was_aborted("Database is already up-to-date\n"));
    }

    #[test]
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    fn every_recorded_list_is_understood() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../shared/domain/kong-observed/migrations-cli.ndjson"
        );
        let Ok(recorded) = std::fs::read_to_string(path) else {
            println!("skipped: the recordings are not here");
            return;
        };
        let mut lists = 0;
        for line in recorded.lines() {
            let cell: serde_json::Value = serde_json::from_str(line).expect("JSON");
            if cell["command"] != "list" {
                continue;
            }
            lists += 1;
            let exit_code = i32::try_from(cell["exit"].as_i64().expect("a number")).expect("small");
            let text = |key: &str| cell[key].as_str().expect("text");
            match parse_list(exit_code, text("stdout"), text("stderr")) {
                Ok(state) => assert_eq!(i32::from(state.verdict().exit_code()), exit_code),
                Err(ListError::Failed { .. }) => assert_eq!(exit_code, 1),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(lists, 22);
    }
}
