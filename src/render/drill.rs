//! The answer of a drill as people read it: each unsafe fault as a short story, then the count.

use std::fmt::Write as _;

use super::clean;
use crate::drill::{Outcome, Report};
use crate::journal::Ending;

/// The whole answer.
#[must_use]
pub fn drill(report: &Report) -> String {
    let mut text = String::new();
    if !report.calm.broken.is_empty() {
        text.push_str("unsafe even when nothing goes wrong\n");
        story(&mut text, &report.calm);
    }
    for (at, outcome) in report.outcomes.iter().enumerate() {
        if outcome.broken.is_empty() {
            continue;
        }
        let _ = writeln!(text, "fault {}: {}", at + 1, clean(&outcome.told));
        story(&mut text, outcome);
    }
    let unsafe_ones = report
        .outcomes
        .iter()
        .filter(|outcome| !outcome.broken.is_empty())
        .count();
    let _ = writeln!(
        text,
        "drill: {} faults, {} safe, {unsafe_ones} unsafe",
        report.faults(),
        report.faults() - unsafe_ones
    );
    text
}

fn story(text: &mut String, outcome: &Outcome) {
    let endings: Vec<String> = outcome.endings.iter().map(ending).collect();
    let _ = writeln!(text, "  the run ended: {}", endings.join(", then "));
    for broken in &outcome.broken {
        let at = broken
            .step
            .map(|step| format!("in step {step} "))
            .unwrap_or_default();
        let _ = writeln!(text, "  {at}{}", clean(&broken.how));
    }
}

fn ending(ending: &Option<Ending>) -> String {
    ending.map_or_else(
        || "killed".to_owned(),
        |ending| {
            serde_json::to_value(ending)
                .ok()
                .and_then(|word| word.as_str().map(str::to_owned))
                .unwrap_or_default()
        },
    )
}
