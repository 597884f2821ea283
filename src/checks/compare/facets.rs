//! An answer taken apart into what can be compared one by one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rules::{Ignored, Judged, header};
use crate::gateway::{HttpAnswer, is_secret_header};

/// What can be compared, by what it is called.
pub(super) type Facets = BTreeMap<String, String>;

/// What the status is called.
pub(super) const STATUS: &str = "status";

/// More values of a body are compared as one text.
const MOST_VALUES: usize = 10_000;

/// Takes an answer apart.
pub(super) fn facets(answer: &HttpAnswer, ignored: &Ignored) -> Facets {
    let mut facets = Facets::from([(STATUS.to_owned(), answer.status.to_string())]);
    for (name, value) in &answer.headers {
        let value = match header(name, value) {
            Judged::Not => continue,
            Judged::Presence => "there".to_owned(),
            // That it is another one is told, and what it is, is not.
            Judged::Value(value) if is_secret_header(name) => digest(&value),
            Judged::Value(value) => value,
        };
        facets.insert(format!("header {name}"), value);
    }
    let json = match answer.json() {
        json @ (Value::Object(_) | Value::Array(_)) => Some(json),
        _ => None,
    };
    let mut values = Vec::new();
    if let Some(json) = &json {
        leaves(json, "", &mut values);
    }
    if json.is_none() || values.len() > MOST_VALUES {
        facets.insert("body".to_owned(), answer.body.clone());
    } else {
        for (path, value) in values {
            facets.insert(format!("body {path}"), value);
        }
    }
    facets.retain(|name, _| !ignored.covers(name));
    facets
}

fn digest(value: &str) -> String {
    use sha2::{Digest as _, Sha256};
    format!("sealed {}", hex::encode(&Sha256::digest(value)[..6]))
}

/// Every value of a body that has no others in it, by JSON pointer.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    if found.len() > MOST_VALUES {
        return;
    }
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (place, value) in elements.iter().enumerate() {
                leaves(value, &format!("{path}/{place}"), found);
            }
        }
        leaf => found.push((path.to_owned(), leaf.to_string())),
    }
}
