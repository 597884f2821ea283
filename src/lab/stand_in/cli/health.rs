//! `kong health`: whether the node's process is alive; its answers are another matter.

use std::process::ExitCode;

use super::error::CommandError;
use super::{Invocation, output, process};

/// Runs `kong health`.
pub(super) fn run(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let prefix = invocation.settings()?.prefix;
    if !prefix.exists() {
        return Err(CommandError::NoPrefix(prefix));
    }
    if process::running(&prefix).is_none() {
        return Err(CommandError::NotHealthy(prefix));
    }
    output::line("nginx.......running");
    output::line(&format!("\nKong is healthy at {}", prefix.display()));
    Ok(ExitCode::SUCCESS)
}
