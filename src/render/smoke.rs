//! What came of checks: for people, for the Test Anything Protocol, for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{clean, clean_lines, counted, text::milliseconds};
use crate::gateway::{Expectation, HttpRequest, OneOrMore, Text, is_secret_header};
use crate::primitive::Checked;

/// Checks that ran.
pub struct Smoke {
    /// What they ran against, by its name.
    pub places: Vec<(String, Vec<Checked>)>,
    /// How long all of it took, in milliseconds.
    pub milliseconds: u64,
}

impl Smoke {
    /// Whether all of them passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.all().all(|(_, checked)| checked.failure.is_none())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Checked)> {
        let places = self.places.iter();
        places.flat_map(|(place, all)| all.iter().map(move |checked| (place.as_str(), checked)))
    }
}

/// How much of a body is shown, in characters.
const EXCERPT: usize = 400;

/// For people: each failure with its request, what was expected, how the answer differs and how it begins; then a line for each place.
#[must_use]
pub fn smoke_text(smoke: &Smoke) -> String {
    let mut told = String::new();
    for (place, checked) in smoke.all() {
        if checked.failure.is_some() {
            let _ = writeln!(
                told,
                "FAILED {} at {}",
                clean(&checked.check.title()),
                clean(place)
            );
            told.push_str(&story(checked));
            told.push('\n');
        }
    }
    let width = smoke
        .places
        .iter()
        .map(|(place, _)| place.chars().count())
        .max();
    for (place, all) in &smoke.places {
        let passed = all
            .iter()
            .filter(|checked| checked.failure.is_none())
            .count();
        let mut times: Vec<u64> = all
            .iter()
            .filter_map(|one| Some(one.answer.as_ref()?.milliseconds))
            .collect();
        times.sort_unstable();
        let slowest = all
            .iter()
            .max_by_key(|one| one.answer.as_ref().map(|answer| answer.milliseconds));
        let speed = match (times.get(times.len() / 2), slowest) {
            (Some(median), Some(slowest)) => format!(
                "; answers took {median} ms in the middle, {} ms at most ({})",
                times.last().copied().unwrap_or_default(),
                clean(&slowest.check.title())
            ),
            _ => String::new(),
        };
        let _ = writeln!(
            told,
            "{:width$}  {passed} of {} passed{speed}",
            clean(place),
            counted(all.len(), "check"),
            width = width.unwrap_or_default()
        );
    }
    let requests: u64 = smoke
        .all()
        .map(|(_, checked)| u64::from(checked.asked))
        .sum();
    let requests = usize::try_from(requests).unwrap_or(usize::MAX);
    let _ = writeln!(
        told,
        "{} in {}",
        counted(requests, "request"),
        milliseconds(smoke.milliseconds)
    );
    told
}

/// What is to be known of a check that failed, indented.
pub(super) fn story(checked: &Checked) -> String {
    let mut told = String::new();
    let request = &checked.check.request;
    let url = checked
        .answer
        .as_ref()
        .map_or(&request.url, |answer| &answer.url);
    let _ = writeln!(
        told,
        "  request:  {} {}",
        clean(&request.method),
        clean(url)
    );
    for (name, value) in headers_of(request) {
        let _ = writeln!(told, "            {}: {}", clean(name), clean(&value));
    }
    // Another program's check says in its failure what it expected.
    if *checked.check.expect != Expectation::default() {
        let expected = serde_json::to_string(&checked.check.expect).expect("plain data");
        let _ = writeln!(told, "  expected: {}", clean(&expected));
    }
    for (number, difference) in checked.differences.iter().enumerate() {
        let label = if number == 0 {
            "  differs:  "
        } else {
            "            "
        };
        let _ = writeln!(told, "{label}{}", clean(&difference.to_string()));
    }
    if let Some(failure) = &checked.failure
        && checked.differences.is_empty()
    {
        let message = format!(
            "{} ({})",
            clean_lines(&failure.message).trim_end(),
            failure.code
        );
        for (number, line) in message.lines().enumerate() {
            let label = if number == 0 {
                "  failed:   "
            } else {
                "            "
            };
            let _ = writeln!(told, "{label}{line}");
        }
        if let Some(hint) = &failure.hint {
            let _ = writeln!(told, "            help: {}", clean(hint));
        }
    }
    if checked.asked > 1 {
        let _ = writeln!(told, "  asked:    {} times", checked.asked);
    }
    if let Some(answer) = &checked.answer {
        let _ = writeln!(
            told,
            "  answer:   HTTP/{} {}, {} in {} ms",
            answer.version,
            answer.status,
            counted(usize::try_from(answer.bytes).unwrap_or(usize::MAX), "byte"),
            answer.milliseconds
        );
        for (name, value) in &answer.headers {
            let shown = if is_secret_header(name) {
                "(hidden)"
            } else {
                value
            };
            let _ = writeln!(told, "            {}: {}", clean(name), clean(shown));
        }
        let beginning: String = answer.body.chars().take(EXCERPT).collect();
        let more = if beginning.len() < answer.body.len() {
            "…"
        } else {
            ""
        };
        for line in clean_lines(&beginning).lines() {
            let _ = writeln!(told, "            {line}");
        }
        if !more.is_empty() {
            let _ = writeln!(told, "            {more}");
        }
    }
    told
}

/// The headers of a request; secrets by their names, and what lets somebody in not at all.
fn headers_of(request: &HttpRequest) -> Vec<(&str, String)> {
    let shown = |name: &str, text: &Text| match text {
        Text::Plain(_) if is_secret_header(name) => "(hidden)".to_owned(),
        Text::Plain(text) => text.clone(),
        Text::Secret(part) => format!("{}(secret {}){}", part.before, part.secret, part.after),
        Text::Key { key_of_consumer } => format!("(key of consumer {key_of_consumer})"),
    };
    let headers = request.headers.iter();
    headers
        .flat_map(|(name, values): (&String, &OneOrMore)| {
            values
                .iter()
                .map(|value| (name.as_str(), shown(name, value)))
        })
        .collect()
}

/// The Test Anything Protocol, version 14.
#[must_use]
pub fn smoke_tap(smoke: &Smoke) -> String {
    let count = smoke.all().count();
    let mut told = format!("TAP version 14\n1..{count}\n");
    for (number, (place, checked)) in smoke.all().enumerate() {
        let word = if checked.failure.is_none() {
            "ok"
        } else {
            "not ok"
        };
        // A hash would begin a directive.
        let title = clean(&checked.check.title())
            .replace('\\', "\\\\")
            .replace('#', "\\#");
        let _ = writeln!(told, "{word} {} - {title} at {}", number + 1, clean(place));
        if let Some(failure) = &checked.failure {
            let quoted = |text: &str| serde_json::to_string(text).expect("a text");
            let _ = writeln!(
                told,
                "  ---\n  message: {}\n  code: {}",
                quoted(&failure.message),
                quoted(&failure.code)
            );
            let _ = writeln!(told, "  duration_ms: {}\n  ...", checked.milliseconds);
        }
    }
    told
}

/// One check for programs.
#[must_use]
pub fn checked_json(place: &str, checked: &Checked) -> Value {
    let answer = checked.answer.as_ref().map(|answer| {
        json!({
            "url": answer.url, "status": answer.status, "http": answer.version, "bytes": answer.bytes,
            "milliseconds": answer.milliseconds, "redirects": answer.redirects,
        })
    });
    json!({
        "check": checked.check.title(), "against": place, "passed": checked.failure.is_none(),
        "request": { "method": checked.check.request.method, "url": checked.check.request.url },
        "asked": checked.asked, "passes": checked.passes, "milliseconds": checked.milliseconds, "answer": answer,
        "differences": checked.differences, "failure": checked.failure,
    })
}

/// All of them in numbers.
#[must_use]
pub fn smoke_summary(smoke: &Smoke) -> Value {
    let failed = smoke
        .all()
        .filter(|(_, checked)| checked.failure.is_some())
        .count();
    let asked: u64 = smoke
        .all()
        .map(|(_, checked)| u64::from(checked.asked))
        .sum();
    json!({
        "checks": smoke.all().count(), "failed": failed, "requests": asked, "milliseconds": smoke.milliseconds,
    })
}

/// All of them for programs.
#[must_use]
pub fn smoke_json(smoke: &Smoke) -> String {
    let checks: Vec<Value> = smoke
        .all()
        .map(|(place, checked)| checked_json(place, checked))
        .collect();
    let whole = json!({ "summary": smoke_summary(smoke), "checks": checks });
    serde_json::to_string_pretty(&whole).expect("plain data")
}
