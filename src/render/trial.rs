//! The answer of tests as people read it: each file with its tests, each failure with its line, then what was reached.

use std::fmt::Write as _;

use super::{clean, counted, diagnostics};
use crate::playbook::{Diagnostic, Severity};
use crate::trial::{Coverage, Raised, Spot, TestedFile};

/// One file; `text` gives the text of a source by its name.
pub fn tested(file: &TestedFile, text: impl Fn(&str) -> Option<String>) -> String {
    let mut told = format!("{}\n", clean(&file.file));
    for test in &file.tests {
        let word = if test.raised.is_none() {
            "ok    "
        } else {
            "FAILED"
        };
        let _ = writeln!(told, "  {word} {}", clean(&test.name));
        if let Some(raised) = &test.raised {
            told.push_str(&excerpt(raised, &text));
        }
    }
    if let Some(broken) = &file.broken {
        let _ = writeln!(told, "  BROKEN {}", clean(broken));
    }
    told
}

/// How many passed, and what no test reached.
#[must_use]
pub fn coverage(files: &[TestedFile], coverage: &Coverage) -> String {
    let tests = files.iter().flat_map(|file| &file.tests);
    let passed = tests.clone().filter(|test| test.raised.is_none()).count();
    let broken = files.iter().filter(|file| file.broken.is_some()).count();
    let count = tests.count();
    let mut told = format!(
        "\ntest: {}, {passed} passed, {} failed",
        counted(count, "test"),
        count - passed
    );
    if broken > 0 {
        let _ = write!(told, "; {} came to no end", counted(broken, "file"));
    }
    let (undoable, undone) = coverage.undos();
    let _ = writeln!(
        told,
        "\nreached: {} of {}, {undone} of {} undone",
        coverage.reached(),
        counted(coverage.spots.len(), "step"),
        counted(undoable, "undo")
    );
    for spot in &coverage.spots {
        if let Some(missing) = missing(spot) {
            let _ = writeln!(
                told,
                "  {}.rhai:{}: {} {missing}",
                clean(&spot.source),
                spot.line,
                spot.verb
            );
        }
    }
    told
}

fn missing(spot: &Spot) -> Option<&'static str> {
    match spot {
        Spot { reached: false, .. } => Some("is reached by no test"),
        Spot {
            undoable: true,
            undone: false,
            ..
        } => Some("is undone by no test"),
        Spot { .. } => None,
    }
}

/// A failure with the line that it is about.
fn excerpt(raised: &Raised, text: impl Fn(&str) -> Option<String>) -> String {
    let failure = &raised.failure;
    let Some(place) = &raised.place else {
        return format!("         {}: {}\n", failure.code, clean(&failure.message));
    };
    let finding = Diagnostic {
        code: failure.code.clone(),
        severity: Severity::Error,
        message: failure.message.clone(),
        source: place.source.clone(),
        line: place.line,
        column: place.column,
        length: 1,
        phase: None,
        help: failure.hint.clone().filter(|hint| !hint.is_empty()),
    };
    let mut told = diagnostics(&[finding], text, false);
    for place in &raised.through {
        let _ = writeln!(
            told,
            "   called in {}.rhai:{}",
            clean(&place.source),
            place.line
        );
    }
    told
}
