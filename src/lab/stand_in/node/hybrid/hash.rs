//! The hash of a configuration: over its values in an order that does not depend on how they came, as Kong 3 makes it.
//!
//! Kong 2.8 puts the same together a little differently; nobody compares hashes across versions.

use serde_json::{Map, Value, json};

use super::super::declarative::digest;
use super::super::store::EMPTY_HASH;

/// The parts whose hashes are told, too.
const PARTS: [&str; 5] = ["routes", "services", "plugins", "upstreams", "targets"];

/// The hash of the whole, and with it those of its parts.
pub(super) fn of(table: &Map<String, Value>) -> (String, Value) {
    let mut whole = String::new();
    let mut hashes = Map::new();
    for part in PARTS {
        let hash = table
            .get(part)
            .map_or_else(|| EMPTY_HASH.to_owned(), hash_of);
        whole.push_str(&hash);
        hashes.insert(part.to_owned(), json!(hash));
    }
    let rest = table
        .iter()
        .filter(|(name, _)| !PARTS.contains(&name.as_str()));
    let rest: Map<String, Value> = rest
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    whole.push_str(&hash_of(&Value::Object(rest)));
    let whole = digest(whole.as_bytes());
    hashes.insert("config".to_owned(), json!(whole));
    (whole, Value::Object(hashes))
}

fn hash_of(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    digest(text.as_bytes())
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("/null/"),
        Value::String(string) => text.push_str(string),
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
        Value::Array(values) if values.is_empty() => text.push_str("{}"),
        Value::Object(members) if members.is_empty() => text.push_str("{}"),
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                write(value, text);
                // Kong ends short lists without the mark that ends the entries of long ones.
                if values.len() > 5 || place + 1 < values.len() {
                    text.push(';');
                }
            }
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, value) in members {
                text.push_str(name);
                text.push(':');
                write(value, text);
                text.push(';');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_depend_on_the_order_of_names() {
        let text = |value: Value| {
            let mut text = String::new();
            write(&value, &mut text);
            text
        };
        assert_eq!(
            text(json!({"b": [1, "x"], "a": {"n": null, "e": [], "t": true}})),
            "a:e:{};n:/null/;t:true;;b:1;x;"
        );
        assert_eq!(text(json!([1, 2, 3, 4, 5, 6])), "1;2;3;4;5;6;");
        let table = json!({"routes": [{"id": "a"}], "_format_version": "3.0"});
        let (hash, hashes) = of(table.as_object().expect("an object"));
        assert_eq!(hash.len(), 32);
        assert_eq!(hashes["config"], hash);
        assert_eq!(hashes["services"], EMPTY_HASH);
        assert_ne!(hashes["routes"], EMPTY_HASH);
    }
}
