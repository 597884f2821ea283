//! Every row of the table of changes: the same value under the new path is expected, another value there is a difference.

use serde_json::{Value, json};
use toml::Table;

use super::super::path::put;
use super::{Schemas, compare, differences, expected, object, of, plugin, version};

/// A value that no change writes otherwise, for a field of any type.
fn sample(from: &str) -> Value {
    if from.ends_with("_addresses") {
        json!(["one:6379"])
    } else {
        json!("same")
    }
}

/// A plugin whose one field has a value.
fn with(name: &str, path: &str, value: &Value) -> Value {
    let mut fields = object(plugin(name, &json!({})));
    put(&mut fields, path, value.clone());
    Value::Object(fields)
}

/// The rows of the table: since when, a plugin, and the change.
fn rows() -> Vec<(String, String, Table)> {
    let table: Table = include_str!("../changes.toml").parse().expect("readable");
    let changes = table["change"].as_array().expect("a list").iter();
    let mut rows = Vec::new();
    for change in changes {
        let change = change.as_table().expect("a table");
        let plugins = change.get("plugins").and_then(|list| list.as_array());
        for plugin in plugins.into_iter().flatten() {
            let text = |value: &toml::Value| value.as_str().expect("a text").to_owned();
            rows.push((text(&change["since"]), text(plugin), change.clone()));
        }
    }
    rows
}

#[test]
fn each_field_that_has_moved_is_found_and_another_value_is_a_difference() {
    let mut moved = 0;
    for (since, name, change) in rows() {
        let targets = change.get("moved").and_then(|moved| moved.as_table());
        for (from, to) in targets.into_iter().flatten() {
            let Some(to) = to.as_str() else {
                continue;
            };
            let blue = with(&name, from, &sample(from));
            let judged = |green: Value| {
                // From a version before to the one that has it.
                let (old, new) = (version("2.0.5"), version(&since));
                let (blue, green) = (of("plugins", [blue.clone()]), of("plugins", [green]));
                compare(&blue, &green, &Schemas::default(), &old, &new)
            };
            // What the change makes of it is told by comparing with nothing.
            let told = differences(&judged(with(&name, to, &Value::Null)));
            assert_eq!(told.len(), 1, "{name} {from}: {told:?}");
            let after = match sample(from) {
                Value::String(same) => json!(same),
                _ if to.ends_with("sentinel_nodes") => json!([{"host": "one", "port": 6379}]),
                _ => json!([{"ip": "one", "port": 6379}]),
            };
            let same = judged(with(&name, to, &after));
            assert_eq!(differences(&same), [""; 0], "{name} {from}");
            let line = format!("{to}: renamed from {from}");
            assert!(expected(&same).contains(&line), "{name}: {line}");
            let other = judged(with(&name, to, &json!("other")));
            let told = differences(&other);
            assert_eq!(told.len(), 1, "{name} {from}: {told:?}");
            assert!(told[0].starts_with(to), "{name}: {told:?}");
            assert_eq!(expected(&other), [""; 0], "{name} {from}");
            moved += 1;
        }
    }
    assert!(moved > 60, "{moved} rows");
}

#[test]
fn each_field_without_a_successor_is_expected_to_be_gone_and_compared_where_it_is_not() {
    for (since, name, change) in rows() {
        let removed = change.get("removed").and_then(|removed| removed.as_array());
        for path in removed.into_iter().flatten() {
            let path = path.as_str().expect("a text");
            let blue = of("plugins", [with(&name, path, &json!(1))]);
            let judged = |green: Value| {
                let (old, new) = (version("2.0.5"), version(&since));
                compare(
                    &blue,
                    &of("plugins", [green]),
                    &Schemas::default(),
                    &old,
                    &new,
                )
            };
            let gone = judged(plugin(&name, &json!({})));
            assert_eq!(differences(&gone), [""; 0], "{name} {path}");
            assert_eq!(expected(&gone), [format!("{path}: removed")]);
            let there = judged(with(&name, path, &json!(2)));
            assert_eq!(differences(&there), [format!("{path}: 1 -> 2")]);
        }
    }
}
