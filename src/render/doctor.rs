//! A preflight for people: what is wrong first, then what may be, then what is not known; what is fine in one line.

use super::text::clean_lines;
use crate::doctor::{Finding, Outcome, Report};

/// A preflight in lines; with `all` also what is fine.
#[must_use]
pub fn doctor_text(report: &Report, all: bool) -> String {
    let mut lines = Vec::new();
    for word in ["wrong", "warning"] {
        let meant = report.findings.iter();
        let meant = meant.filter(|finding| kind(&finding.outcome) == word);
        lines.extend(meant.flat_map(|finding| told(word, finding)));
    }
    let unknown = by_reason(report);
    if !unknown.is_empty() {
        lines.push("not known, and so not passed:".to_owned());
    }
    for NotKnown {
        subjects,
        reason,
        codes,
    } in unknown
    {
        let line = format!("  {}: {reason}", subjects.join(", "));
        lines.push(clean_lines(&line).replace('\n', " ⏎ "));
        lines.push(format!("    {}", codes.join(", ")));
    }
    if lines.last().is_some_and(|last| !last.is_empty()) {
        lines.push(String::new());
    }
    if all {
        lines.extend(report.findings.iter().filter_map(fine));
        lines.push(String::new());
    }
    lines.push(doctor_verdict(report));
    lines.join("\n")
}

/// What an outcome is called.
fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Wrong(_) => "wrong",
        Outcome::Warning(_) => "warning",
        Outcome::Unknown(_) => "unknown",
        Outcome::Fine(_) => "fine",
    }
}

/// What a preflight comes to, in a line.
#[must_use]
pub fn doctor_verdict(report: &Report) -> String {
    let count = |word: &str| {
        let findings = report.findings.iter();
        findings
            .filter(|finding| kind(&finding.outcome) == word)
            .count()
    };
    format!(
        "{} wrong, {} may be, {} not known, {} fine",
        count("wrong"),
        count("warning"),
        count("unknown"),
        count("fine")
    )
}

fn told(word: &str, finding: &Finding) -> Vec<String> {
    let evidence = clean_lines(evidence(finding)).replace('\n', " ⏎ ");
    vec![
        format!(
            "{word} · {} · {}",
            finding.code,
            clean_lines(&finding.subject)
        ),
        format!("  {}: {evidence}", finding.about),
        format!("  why: {}", finding.why),
        format!("  do: {}", clean_lines(&finding.remedy)),
        String::new(),
    ]
}

fn fine(finding: &Finding) -> Option<String> {
    let Outcome::Fine(evidence) = &finding.outcome else {
        return None;
    };
    let (code, subject) = (finding.code, clean_lines(&finding.subject));
    Some(format!(
        "fine · {code} · {subject}: {}",
        clean_lines(evidence)
    ))
}

/// The evidence of a finding, or the reason why there is none.
fn evidence(finding: &Finding) -> &str {
    let (Outcome::Wrong(text)
    | Outcome::Warning(text)
    | Outcome::Unknown(text)
    | Outcome::Fine(text)) = &finding.outcome;
    text
}

/// Checks that lack the same, about one thing or several.
struct NotKnown<'a> {
    subjects: Vec<&'a str>,
    reason: &'a str,
    codes: Vec<&'a str>,
}

/// What is not known for the same reason, together, in the order of the first of each.
fn by_reason(report: &Report) -> Vec<NotKnown<'_>> {
    let mut each: Vec<NotKnown<'_>> = Vec::new();
    for finding in &report.findings {
        let (Outcome::Unknown(reason), subject) = (&finding.outcome, finding.subject.as_str())
        else {
            continue;
        };
        let mut known = each.iter_mut();
        match known.find(|known| known.reason == reason && known.subjects == [subject]) {
            Some(known) => known.codes.push(finding.code),
            None => each.push(NotKnown {
                subjects: vec![subject],
                reason,
                codes: vec![finding.code],
            }),
        }
    }
    let mut together: Vec<NotKnown<'_>> = Vec::new();
    for one in each {
        let mut known = together.iter_mut();
        match known.find(|known| known.reason == one.reason && known.codes == one.codes) {
            Some(known) => known.subjects.extend(one.subjects),
            None => together.push(one),
        }
    }
    together
}
