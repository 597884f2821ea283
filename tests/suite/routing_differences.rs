//! What goes elsewhere after an upgrade, and how long it takes to find that out.

use cutover::kong::Version;
use cutover::kong::router::requests::{Presumed, Requests};
use cutover::kong::router::{Flavour, Router, difference, migrated};
use serde_json::{Map, Value, json};

/// A version with the newest rules.
const NEWEST: Version = Version::new(3, 9, 1);

fn routes(value: Value) -> Vec<Map<String, Value>> {
    serde_json::from_value(value).expect("routes")
}

fn both(old: &[Map<String, Value>]) -> (Router, Router) {
    let new: Vec<Map<String, Value>> = old.iter().map(migrated).collect();
    let (old, left_out) = Router::new(Flavour::Two, old, &[]);
    assert_eq!(left_out, []);
    let (new, left_out) = Router::new(Flavour::TraditionalCompatible(NEWEST), &new, &[]);
    assert_eq!(left_out, []);
    (old, new)
}

#[test]
fn requests_that_go_elsewhere_are_counted_once_and_those_made_most_often_come_first() {
    let (old, new) = both(&routes(json!([
        { "name": "old", "paths": ["/a/[a-z]+"], "created_at": 1, "id": "00000000-0000-4000-8000-000000000001" },
        { "name": "young", "paths": ["/a/.*"], "created_at": 2, "id": "00000000-0000-4000-8000-000000000002" },
        { "name": "header", "paths": ["/b"], "headers": { "x-a": ["1"] } },
        { "name": "rest", "paths": ["/"] },
    ])));
    let text = "GET http://x/b/%63\nGET http://x/a/b Cookie: 1\nGET http://x/a/b Cookie: 2; X-A: 1\n\
                GET http://x/a/b Cookie: 3\nGET http://x/a/7\nnonsense\n";
    let mut asked = Requests::new(text.as_bytes(), Presumed::default());
    let changed = difference(&old, &new, asked.by_ref());
    let told = changed.iter().map(|one| {
        let to = |matched: &Option<_>| {
            matched
                .as_ref()
                .map_or("404".to_owned(), ToString::to_string)
        };
        format!(
            "{} × {}: {} → {}",
            one.times,
            one.asked,
            to(&one.old),
            to(&one.new)
        )
    });
    assert_eq!(
        told.collect::<Vec<String>>(),
        [
            "2 × GET http://x/a/b: old → young",
            "1 × GET http://x/a/b x-a: 1: old → young",
        ]
    );
    let tally = asked.finish().expect("read");
    assert_eq!((tally.lines, tally.requests, tally.unreadable), (6, 5, 1));
    assert_eq!(tally.first_unreadable, [6]);
}

#[test]
fn an_upgrade_that_changes_nothing_is_told_so() {
    let (old, new) = both(&routes(json!([
        { "name": "a", "paths": ["/a/\\d+"], "regex_priority": 2, "created_at": 1 },
        { "name": "b", "paths": ["/a/.*"], "created_at": 2 },
        { "name": "c", "hosts": ["c.example.com"], "paths": ["/"], "created_at": 3 },
    ])));
    let text = "/a/1\n/a/b\n/c\nGET http://c.example.com/a/1\n";
    let asked = Requests::new(text.as_bytes(), Presumed::default());
    assert_eq!(difference(&old, &new, asked), []);
}

/// Ten thousand routes of which a tenth are expressions, in the shapes that are common.
fn many_routes(count: usize) -> Vec<Map<String, Value>> {
    let one = |number: usize| {
        let team = number % 97;
        let paths = match number % 10 {
            0 => json!([format!("/api/team{team}/v[0-9]+/thing{number}/[^/]+")]),
            1 => json!(["/"]),
            _ => json!([format!("/api/team{team}/v1/thing{number}")]),
        };
        let mut route =
            json!({ "name": format!("r{number}"), "paths": paths, "created_at": number });
        route["id"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
        match number % 10 {
            1 => route["hosts"] = json!([format!("h{number}.example.com")]),
            2 | 3 => route["hosts"] = json!([format!("*.h{team}.example.com")]),
            4 => route["methods"] = json!(["GET", "POST"]),
            5 => route["headers"] = json!({ "x-version": [format!("{team}")] }),
            _ => {}
        }
        route.as_object().expect("fields").clone()
    };
    (0..count).map(one).collect()
}

fn many_lines(count: usize, distinct: usize, routes: usize) -> String {
    let line = |number: usize| {
        let number = number % distinct;
        let host_of = number % 3;
        let number = number * 7 % (2 * routes);
        let team = number % routes % 97;
        let host = match host_of {
            0 => format!("h{number}.example.com"),
            1 => format!("x.h{team}.example.com"),
            _ => "api.example.com".to_owned(),
        };
        let path = format!("/api/team{team}/v1/thing{number}/{}", number % 11);
        format!(
            "{host} 10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"curl\"\n"
        )
    };
    (0..count).map(line).collect()
}

/// In a release build: 10,000 routes and 100,000 lines with 20,000 requests in less than three seconds.
#[test]
fn a_large_gateway_is_compared_in_seconds() {
    let is_fast = !cfg!(debug_assertions);
    let (count, lines) = if is_fast {
        (10_000, 100_000)
    } else {
        (1_000, 5_000)
    };
    let stored = many_routes(count);
    let text = many_lines(lines, 20_000, count);
    let begin = std::time::Instant::now();
    let (old, new) = both(&stored);
    let built = begin.elapsed();
    let mut asked = Requests::new(text.as_bytes(), Presumed::default());
    let changed = difference(&old, &new, asked.by_ref());
    let took = begin.elapsed();
    let tally = asked.finish().expect("read");
    assert_eq!(tally.unreadable, 0);
    let told = format!(
        "{} elsewhere: built in {built:?}, all in {took:?}",
        changed.len()
    );
    assert!(!is_fast || took.as_secs() < 3, "{told}");
}
