//! The routers with routes of a real Kong, before and after its migration.

use std::fs;
use std::path::Path;

use cutover::kong::Version;
use cutover::kong::router::requests::{Presumed, Requests};
use cutover::kong::router::{Flavour, Router, difference, migrated};
use serde_json::{Map, Value};

/// A version with the newest rules.
const NEWEST: Version = Version::new(3, 9, 1);

/// What was recorded; it is not part of the repository.
const RECORDED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/domain/kong-observed"
);

fn listed(version: &str, entities: &str) -> Vec<Map<String, Value>> {
    let file = format!("{RECORDED}/admin-api/{version}/{entities}.json");
    let text = fs::read_to_string(file).expect("a list");
    let list: Value = serde_json::from_str(&text).expect("JSON");
    serde_json::from_value(list["data"].clone()).expect("entities")
}

#[test]
fn recorded_routes_are_read_and_lead_where_they_led() {
    if !Path::new(RECORDED).exists() {
        return;
    }
    let (routes, services) = (listed("2.8.5", "routes"), listed("2.8.5", "services"));
    let (old, left_out) = Router::new(Flavour::Two, &routes, &services);
    assert_eq!(left_out, []);
    let stored: Vec<Map<String, Value>> = routes.iter().map(migrated).collect();
    let dump = fs::read_to_string(format!("{RECORDED}/databases/st_28_34fin.sql")).expect("a dump");
    for route in &stored {
        let (id, path) = (&route["id"], &route["paths"][0]);
        let id = id.as_str().expect("an id");
        let line = dump
            .lines()
            .find(|line| line.starts_with(id))
            .expect("the route");
        let written = format!("{{{}}}", path.as_str().expect("a path"));
        assert!(line.contains(&written), "{written} in {line}");
    }
    let text = "/rx/12/x\n/rx/a\n/svc1\n/svc1/a\n/limited/1\n/echo//a\n/Echo\n/\n";
    for flavour in [Flavour::Traditional, Flavour::TraditionalCompatible(NEWEST)] {
        let (new, left_out) = Router::new(flavour, &stored, &services);
        assert_eq!(left_out, []);
        let requests = Requests::new(text.as_bytes(), Presumed::default());
        assert_eq!(difference(&old, &new, requests), []);
    }
    let found = Requests::new(text.as_bytes(), Presumed::default()).map(|asked| old.find(&asked));
    let names = found.map(|found| found.and_then(|found| found.route_name).unwrap_or_default());
    let names: Vec<String> = names.collect();
    assert_eq!(
        names,
        [
            "regex-route",
            "",
            "route1",
            "route1",
            "limited-route",
            "echo-route",
            "",
            ""
        ]
    );
}

#[test]
fn recorded_routes_of_each_version_are_read() {
    if !Path::new(RECORDED).exists() {
        return;
    }
    for (version, flavour) in [
        ("2.8.5", Flavour::Two),
        ("3.4.2", Flavour::Traditional),
        ("3.9.1", Flavour::TraditionalCompatible(NEWEST)),
    ] {
        let (routes, services) = (listed(version, "routes"), listed(version, "services"));
        assert!(routes.len() > 10, "{version}");
        let (_, left_out) = Router::new(flavour, &routes, &services);
        assert_eq!(left_out, [], "{version}");
    }
}
