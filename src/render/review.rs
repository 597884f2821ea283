//! A review for people, and in the format SARIF 2.1.0, which code hosts show beside lines.

use serde_json::{Value, json};

use super::clean_lines;
use crate::primitive::{Finding, Review};

/// How many places of a finding are shown.
const SHOWN: usize = 10;

/// A review in lines. What is found comes first, then what could not be told.
#[must_use]
pub fn review_text(review: &Review) -> String {
    let mut lines = vec![format!(
        "review of {} to {}: {} rules on the way",
        review.from, review.to, review.rules
    )];
    let (found, unknown): (Vec<&Finding>, Vec<&Finding>) =
        review.findings.iter().partition(|finding| finding.is_found);
    for finding in found {
        lines.push(String::new());
        lines.push(format!(
            "{} · {} (since {})",
            word(finding),
            finding.id,
            finding.since
        ));
        lines.push(format!("  {}", finding.summary));
        let places = finding.places.iter().take(SHOWN);
        lines.extend(places.map(|place| format!("  at {}", clean_lines(place))));
        if let Some(more) = finding
            .places
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            lines.push(format!("  and {more} more, which `--output json` lists"));
        }
        lines.push(format!("  do: {}", finding.action));
        lines.extend(accepted(finding));
    }
    if !unknown.is_empty() {
        lines.push(String::new());
        lines.push("not known, and so not passed:".to_owned());
    }
    for (missing, findings) in by_what_is_missing(&unknown) {
        lines.push(format!("  {}", clean_lines(&missing)));
        for finding in findings {
            lines.push(format!("    {} · {}", word(finding), finding.id));
        }
    }
    lines.push(String::new());
    lines.push(verdict(review));
    lines.join("\n")
}

/// What a review comes to, in a line.
#[must_use]
pub fn review_verdict(review: &Review) -> String {
    verdict(review)
}

fn verdict(review: &Review) -> String {
    let count =
        |is_meant: &dyn Fn(&&Finding) -> bool| review.findings.iter().filter(is_meant).count();
    let found = count(&|finding| finding.is_found);
    let unknown = review.findings.len() - found;
    let accepted = count(&|finding| finding.is_found && finding.accepted.is_some());
    format!(
        "{} of {} rules found, {} of them blockers that nobody accepted, {accepted} accepted; {unknown} not known; {} do not concern it",
        found,
        review.rules,
        review.blockers().count(),
        review.absent
    )
}

/// Findings that lack the same, together, in the order of the first of each.
fn by_what_is_missing<'a>(findings: &[&'a Finding]) -> Vec<(String, Vec<&'a Finding>)> {
    let mut groups: Vec<(String, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        let missing = finding.places.join("; ");
        match groups.iter_mut().find(|(known, _)| *known == missing) {
            Some((_, group)) => group.push(finding),
            None => groups.push((missing, vec![finding])),
        }
    }
    groups
}

fn word(finding: &Finding) -> String {
    let word = serde_json::to_value(finding.severity).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

fn accepted(finding: &Finding) -> Option<String> {
    let reason = finding.accepted.as_ref()?;
    Some(format!("  accepted: {}", clean_lines(reason)))
}

/// The same as SARIF. What is not known is there with the kind `open`.
#[must_use]
pub fn review_sarif(review: &Review) -> String {
    let rules: Vec<Value> = review
        .findings
        .iter()
        .map(|finding| {
            json!({
                "id": finding.id,
                "shortDescription": { "text": finding.summary },
                "help": { "text": finding.action },
                "properties": { "since": finding.since, "source": finding.source, "subject": finding.subject },
            })
        })
        .collect();
    let results: Vec<Value> = review.findings.iter().flat_map(results).collect();
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cutover review",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "properties": { "from": review.from, "to": review.to },
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&whole).expect("plain data")
}

/// A result for each place.
fn results(finding: &Finding) -> Vec<Value> {
    let level = match word(finding).as_str() {
        "blocker" => "error",
        "warning" => "warning",
        _ => "note",
    };
    let result = |place: &String| {
        let text = format!("{} ({place}) {}", finding.summary, finding.action);
        let mut result = json!({
            "ruleId": finding.id,
            "kind": if finding.is_found { "fail" } else { "open" },
            // Only what failed has a level.
            "level": if finding.is_found { level } else { "none" },
            "message": { "text": text },
            "locations": [location(place)],
        });
        if let Some(reason) = &finding.accepted {
            result["suppressions"] =
                json!([{ "kind": "external", "status": "accepted", "justification": reason }]);
        }
        result
    };
    finding.places.iter().map(result).collect()
}

/// A line of a file where the place is one, and a name otherwise.
fn location(place: &str) -> Value {
    let file = place
        .rsplit_once(" (")
        .map_or(place, |(_, origin)| origin.trim_end_matches(')'));
    let file = file.split(": ").next().unwrap_or(file);
    match file.rsplit_once(':') {
        Some((path, line)) if path.contains('/') && !path.contains(' ') => {
            let region = line
                .parse::<u32>()
                .ok()
                .map(|line| json!({ "startLine": line }));
            json!({ "physicalLocation": { "artifactLocation": { "uri": path }, "region": region } })
        }
        _ => json!({ "logicalLocations": [{ "fullyQualifiedName": place }] }),
    }
}
