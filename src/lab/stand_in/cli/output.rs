//! Where the command's lines go: plain lines to standard output, errors and warnings to standard error.
//!
//! A closed pipe is no reason to fail: Kong does not notice one either, so write errors are dropped.

use std::io::Write as _;

use super::arguments::Verbosity;
use super::error::CommandError;

/// Prints a line on standard output.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line on standard error.
pub(super) fn error_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints a warning, with the time before it, as Kong's own clock has it: the local one.
pub(super) fn warn(text: &str) {
    error_line(&format!("{} [warn] {text}", now()));
}

/// Prints a line that only `--v` and `--vv` show.
pub(super) fn verbose(verbosity: Verbosity, text: &str) {
    if verbosity != Verbosity::Normal {
        line(&format!("{} [verbose] {text}", now()));
    }
}

/// Prints the error that ends a command.
pub(super) fn error(verbosity: Verbosity, error: &CommandError) {
    if let CommandError::Usage(text) = error {
        return error_line(text.trim_end());
    }
    match verbosity {
        Verbosity::Normal => error_line(&format!(
            "Error: {error}\n\n  Run with --v (verbose) or --vv (debug) for more details"
        )),
        Verbosity::Verbose => error_line(&format!("Error: {error}")),
        Verbosity::Debug => error_line(&format!(
            "Error: \n{error}\nstack traceback:\n\t[stand-in]: there is no Lua here to trace"
        )),
    }
}

fn now() -> impl std::fmt::Display {
    jiff::Zoned::now().strftime("%Y/%m/%d %H:%M:%S")
}
