//! No secret leaves a comparison, whatever differs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::path::put;
use super::{compare, object, of, schemas, version};

/// The paths of a record's texts that may be secrets, as Kong's schemas mark them.
fn marked(record: &Value, path: &str, found: &mut Vec<String>) {
    let fields = record["fields"].as_array().into_iter().flatten();
    for (name, field) in fields.filter_map(Value::as_object).flatten() {
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        if field["encrypted"] == true {
            found.push(path.clone());
        }
        marked(field, &path, found);
    }
}

#[test]
fn what_schemas_mark_is_never_told() {
    let known: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("schemas.json")).expect("readable");
    let mut secrets = 0;
    for (of_what, schema) in &known {
        let (kind, name) = match of_what.strip_prefix("plugins/") {
            Some(plugin) => ("plugins", plugin),
            None => (of_what.as_str(), "one"),
        };
        let mut paths = Vec::new();
        marked(schema, "", &mut paths);
        for path in paths {
            let with = |secret: &str| {
                let mut fields = object(json!({"id": "1", "name": name}));
                put(&mut fields, &path, secret.into());
                Value::Object(fields)
            };
            for pair in [["canary-1", "canary-2"], ["canary-1", ""], ["", "canary-2"]] {
                let [blue, green] = pair.map(|secret| of(kind, [with(secret)]));
                let (from, to) = (version("2.8.5"), version("3.9.1"));
                let found = compare(&blue, &green, &schemas(), &from, &to);
                assert!(!found.differences.is_empty(), "{of_what} {path}");
                let told = serde_json::to_string(&found).expect("JSON");
                assert!(!told.contains("canary"), "{of_what} {path}: {told}");
            }
            secrets += 1;
        }
    }
    assert!(secrets > 10, "{secrets} secrets");
}

#[test]
fn what_people_call_secret_is_never_told_with_or_without_a_schema() {
    for kind in [
        "key-auths",
        "jwts",
        "hmac-auths",
        "basic-auths",
        "oauth2",
        "ours",
    ] {
        for field in [
            "key",
            "secret",
            "password",
            "client_secret",
            "access_token",
            "jwk",
        ] {
            let with = |secret: &str| {
                let fields = [("id", "1"), (field, secret)];
                let fields = fields.map(|(name, value)| (name.to_owned(), value.into()));
                of(kind, [Value::Object(Map::from_iter(fields))])
            };
            let (from, to) = (version("3.4.2"), version("3.9.1"));
            let (blue, green) = (with("canary-1"), with("canary-2"));
            let found = compare(&blue, &green, &schemas(), &from, &to);
            assert_eq!(found.differences.len(), 1, "{kind} {field}");
            let told = serde_json::to_string(&found).expect("JSON");
            assert!(!told.contains("canary"), "{kind} {field}: {told}");
        }
    }
}

#[test]
fn a_credential_that_one_gateway_lacks_is_not_told_by_its_key() {
    let key = of("key-auths", [json!({"id": "1", "key": "canary"})]);
    let none = of("key-auths", []);
    let (from, to) = (version("3.4.2"), version("3.9.1"));
    for (blue, green) in [(&key, &none), (&none, &key)] {
        let found = compare(blue, green, &schemas(), &from, &to);
        assert_eq!(found.differences.len(), 1);
        let told = serde_json::to_string(&found).expect("JSON");
        assert!(!told.contains("canary"), "{told}");
    }
}
