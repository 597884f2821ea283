//! An answer taken apart into what can be compared one by one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rules::{BodyCompared, Judged, Scope, header};
use crate::gateway::{HttpAnswer, is_secret_header};

/// What can be compared, by what it is called.
pub(super) type Facets = BTreeMap<String, String>;

/// What the status is called.
pub(super) const STATUS: &str = "status";

/// More values of a body are compared as one text.
const MOST_VALUES: usize = 10_000;

/// Takes an answer apart.
pub(super) fn facets(answer: &HttpAnswer, scope: &Scope) -> Facets {
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
    match scope.body {
        BodyCompared::Values => body(answer, &mut facets, ToString::to_string),
        BodyCompared::Shape => body(answer, &mut facets, |value| kind(value).to_owned()),
        BodyCompared::None => {}
    }
    facets.retain(|name, _| scope.takes(name));
    facets
}

/// Takes a body apart; `told` is what is compared of each value in it.
fn body(answer: &HttpAnswer, facets: &mut Facets, told: impl Fn(&Value) -> String) {
    let json @ (Value::Object(_) | Value::Array(_)) = answer.json() else {
        let text = Value::from(answer.body.clone());
        facets.insert("body".to_owned(), told(&text));
        return;
    };
    let mut values = Vec::new();
    leaves(&json, "", &told, &mut values);
    if values.len() > MOST_VALUES {
        facets.insert("body".to_owned(), told(&Value::from(answer.body.clone())));
        return;
    }
    let named = values.into_iter();
    facets.extend(named.map(|(path, value)| (format!("body {path}"), value)));
}

/// What kind of value it is, as JSON calls them.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn digest(value: &str) -> String {
    use sha2::{Digest as _, Sha256};
    format!("sealed {}", hex::encode(&Sha256::digest(value)[..6]))
}

/// Every value of a body that has no others in it, by JSON pointer.
fn leaves(
    value: &Value,
    path: &str,
    told: &impl Fn(&Value) -> String,
    found: &mut Vec<(String, String)>,
) {
    if found.len() > MOST_VALUES {
        return;
    }
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{path}/{key}"), told, found);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (place, value) in elements.iter().enumerate() {
                leaves(value, &format!("{path}/{place}"), told, found);
            }
        }
        leaf => found.push((path.to_owned(), told(leaf))),
    }
}
