//! Whole comparisons: cases as data, laws that hold of all of them, and recordings of real Kong.
//!
//! `schemas.json` holds what Kong 3.9.1 answers under `/schemas`, less what a comparison does not read (and of aliases whose path it
//! does not tell, nothing).

mod cases;
mod laws;
mod pairing;
mod recorded;
mod secrecy;
mod table;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Comparison, Difference, Entities, Schemas, What, Why, compare};
use crate::kong::Version;

/// The schemas of 3.9.1.
fn schemas() -> Schemas {
    let known: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("schemas.json")).expect("readable");
    let mut schemas = Schemas::default();
    for (name, schema) in known {
        match name.strip_prefix("plugins/") {
            Some(plugin) => schemas
                .add_named("plugins", plugin, &schema)
                .expect("a schema"),
            None => schemas.add(&name, &schema).expect("a schema"),
        }
    }
    schemas
}

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

/// A plugin with a configuration.
fn plugin(name: &str, config: &Value) -> Value {
    json!({"id": "p1", "name": name, "config": config})
}

/// What a workspace has of one kind.
fn of(kind: &str, entities: impl IntoIterator<Item = Value>) -> Entities {
    let mut all = Entities::default();
    all.add(kind, "default", entities);
    all
}

/// The differences, a line each: `config.redis.host: "a" -> "b"`.
fn differences(comparison: &Comparison) -> Vec<String> {
    comparison.differences.iter().map(difference).collect()
}

fn difference(difference: &Difference) -> String {
    match &difference.what {
        What::OnlyBlue => format!("{} only blue", difference.subject.id),
        What::OnlyGreen => format!("{} only green", difference.subject.id),
        What::Field { path, blue, green } => format!("{path}: {blue} -> {green}"),
    }
}

/// What was expected, a line each: `config.error_code: default`.
fn expected(comparison: &Comparison) -> Vec<String> {
    let told = comparison.expected.iter().map(|expected| {
        let why = match &expected.why {
            Why::Default => "default".to_owned(),
            Why::Renamed { from, to } => {
                assert_eq!(to, &expected.path);
                format!("renamed from {from}")
            }
            Why::Derived => "derived".to_owned(),
            Why::Removed => "removed".to_owned(),
            Why::Volatile => "volatile".to_owned(),
        };
        format!("{}: {why}", expected.path)
    });
    told.collect()
}

/// A JSON object.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => unreachable!("it is an object: {other}"),
    }
}
