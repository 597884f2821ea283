//! `kong migrations list`: the state in words, and the only exit code that can be trusted.

use std::process::ExitCode;

use super::error::NEEDS_BOOTSTRAP;
use super::output;
use crate::kong::Version;
use crate::kong::migrations::Verdict;
use crate::lab::stand_in::migrations::{SchemaState, lines};

/// Prints `state` as `version` does.
pub(super) fn list(version: &Version, state: &SchemaState) -> ExitCode {
    let verdict = state.verdict();
    if verdict == Verdict::NeedsBootstrap {
        output::line(NEEDS_BOOTSTRAP);
        return ExitCode::from(verdict.exit_code());
    }
    if !state.executed.is_empty() {
        output::line(&format!("Executed migrations:\n{}", lines(&state.executed)));
    }
    if !state.pending.is_empty() {
        output::line(&format!("\nPending migrations:\n{}", lines(&state.pending)));
    }
    if !state.new.is_empty() {
        output::line(&format!(
            "\nNew migrations available:\n{}",
            lines(&state.new)
        ));
    }
    match verdict {
        Verdict::PendingAndNew => {
            output::warn(&format!(
                "Database has pending migrations from a previous upgrade, and new migrations from this upgrade (version {version})"
            ));
            output::line(
                "\n\nRun 'kong migrations finish' when ready to complete pending migrations (postgres database will be incompatible with the previous Kong version)",
            );
        }
        Verdict::Pending => output::line("\nRun 'kong migrations finish' when ready"),
        Verdict::New => output::line("\nRun 'kong migrations up' to proceed"),
        Verdict::UpToDate | Verdict::NeedsBootstrap => {}
    }
    ExitCode::from(verdict.exit_code())
}
