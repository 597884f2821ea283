//! Standard output is data, standard error is for people. A terminal that fails is dropped; the run goes on.

use std::io::{IsTerminal as _, Write as _};

/// Writes a line of data.
pub(super) fn data(text: &str) {
    // Whoever reads may be gone; that must not end a run.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line for people.
pub(super) fn people(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether people read standard error at a terminal.
pub(super) fn at_terminal() -> bool {
    std::io::stderr().is_terminal() && std::io::stdin().is_terminal()
}

/// Whether colours are wanted: at a terminal that can show them, unless `NO_COLOR` is set.
pub(super) fn color() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() && !dumb
}
