//! The answer of a drill as people read it: each unsafe fault as a short story, then the count.

use std::fmt::Write as _;

use super::{clean, counted};
use crate::drill::{Outcome, Report};
use crate::journal::Ending;

/// The whole answer.
#[must_use]
pub fn drill(report: &Report) -> String {
    let mut text = String::new();
    if !report.calm.broken.is_empty() {
        text.push_str("unsafe even when nothing goes wrong\n");
        text.push_str(&story_of(&report.calm));
    }
    for outcome in &report.outcomes {
        if outcome.broken.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", title(outcome));
        text.push_str(&story_of(outcome));
    }
    let unsafe_ones = report
        .outcomes
        .iter()
        .filter(|outcome| !outcome.broken.is_empty())
        .count();
    let calm = if report.calm.broken.is_empty() {
        ""
    } else {
        "; unsafe even when nothing goes wrong"
    };
    let _ = writeln!(
        text,
        "drill: {}, {} safe, {unsafe_ones} unsafe{calm}",
        counted(report.faults(), "fault"),
        report.faults() - unsafe_ones
    );
    text
}

/// Which fault it was.
pub(super) fn title(outcome: &Outcome) -> String {
    match outcome.number {
        0 => clean(&outcome.told),
        number => format!("fault {number}: {}", clean(&outcome.told)),
    }
}

/// How it went, and what did not hold.
pub(super) fn story_of(outcome: &Outcome) -> String {
    let mut text = String::new();
    let endings: Vec<&str> = outcome.endings.iter().copied().map(ending).collect();
    let _ = writeln!(text, "  the run ended: {}", endings.join(", then "));
    for broken in &outcome.broken {
        let at = broken
            .step
            .map(|step| format!("in step {step} "))
            .unwrap_or_default();
        let _ = writeln!(text, "  {at}{}", clean(&broken.how));
    }
    text
}

fn ending(ending: Option<Ending>) -> &'static str {
    ending.map_or("killed", Ending::word)
}
