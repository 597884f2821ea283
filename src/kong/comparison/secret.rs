//! What may be shown of a value, and how the rest is told.
//!
//! Kong's schemas mark what Enterprise encrypts and what may be kept in a vault, but the open source leaves credentials unmarked, and
//! a plugin without a schema marks nothing. So names count too, and text that no schema describes is never shown. A reference into a
//! vault is no secret: what it points at is.

use serde_json::Value;

use super::field::Field;

/// What is told of a secret. No digest: it is as good as the value where that can be guessed.
const SEALED: &str = "sealed";

/// How names of fields end that hold secrets.
const ENDINGS: [&str; 9] = [
    "key",
    "secret",
    "password",
    "passphrase",
    "token",
    "jwk",
    "jwks",
    "credential",
    "credentials",
];

/// Fields that may be kept in a vault and are no secrets.
const PLAIN: [&str; 9] = [
    "host",
    "username",
    "cert",
    "cert_alt",
    "public_key",
    "endpoint",
    "traces_endpoint",
    "logs_endpoint",
    "http_endpoint",
];

/// The value of a field as it may be told.
pub(super) fn shown(value: &Value, name: &str, field: Option<&Field>) -> Value {
    match value {
        value if is_secret(name, field) => sealed(value),
        Value::String(text) if field.is_none() || carries_secret(text) => sealed(value),
        Value::Array(items) => {
            let item = field.and_then(|field| field.item.as_deref());
            let items = items.iter().map(|value| shown(value, name, item));
            items.collect()
        }
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let member =
                    field.and_then(|field| field.fields.get(name).or(field.item.as_deref()));
                (name.clone(), shown(value, name, member))
            })
            .collect(),
        plain => plain.clone(),
    }
}

/// A secret as it may be told.
pub(super) fn sealed(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) if text.starts_with("{vault://") => value.clone(),
        Value::String(_) | Value::Number(_) => SEALED.into(),
        Value::Array(items) => items.iter().map(sealed).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), sealed(value)))
            .collect(),
    }
}

/// Whether a field may hold a secret, by what its schema says or by its name. Of a record that is described, the fields tell.
pub(super) fn is_secret(name: &str, field: Option<&Field>) -> bool {
    let name = name.to_ascii_lowercase();
    let is_plain = PLAIN.contains(&name.as_str());
    let is_marked =
        field.is_some_and(|field| field.is_encrypted || (field.is_referenceable && !is_plain));
    let ends = |ending: &&str| {
        name.strip_suffix(*ending)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(['_', '-']))
    };
    let is_described = field.is_some_and(|field| !field.fields.is_empty());
    is_marked || (!is_plain && !is_described && ENDINGS.iter().any(ends))
}

/// Whether an address holds what lets somebody in: a name and a password, or a query, in which many put a token.
fn carries_secret(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(_, rest)| rest.contains(['@', '?']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(schema: &Value) -> Field {
        Field::read(schema)
    }

    #[test]
    fn what_may_be_a_secret_is_sealed_and_the_rest_is_shown() {
        let plain = json!({"type": "string"});
        let marked = json!({"type": "string", "referenceable": true});
        let encrypted = json!({"type": "string", "encrypted": true});
        for (name, schema, value, sealed) in [
            ("key", &plain, "k", true),
            ("client_secret", &plain, "k", true),
            ("X-Api-Key", &plain, "k", true),
            ("key_names", &plain, "apikey", false),
            ("host", &marked, "redis", false),
            ("public_key", &marked, "PEM", false),
            ("headers", &marked, "Bearer", true),
            ("account_email", &encrypted, "a@b.c", true),
            ("password", &encrypted, "{vault://env/redis}", false),
            ("http_endpoint", &marked, "http://log:9200/in", false),
            ("http_endpoint", &marked, "http://me:pw@log/in", true),
            ("url", &plain, "https://log/in?token=1", true),
        ] {
            let told = shown(&json!(value), name, Some(&field(schema)));
            assert_eq!(told == "sealed", sealed, "{name} = {value}: {told}");
        }
    }

    #[test]
    fn within_a_secret_everything_is_sealed_and_without_a_schema_every_text() {
        let headers = field(&json!({"type": "map", "values": {"referenceable": true}}));
        let told = shown(&json!({"X": "a", "Y": null}), "headers", Some(&headers));
        assert_eq!(told, json!({"X": "sealed", "Y": null}));
        let told = shown(&json!({"a": ["x", 1, true]}), "config", None);
        assert_eq!(told, json!({"a": ["sealed", 1, true]}));
        let told = shown(&json!([{"pin": 1234}]), "credentials", None);
        assert_eq!(told, json!([{"pin": "sealed"}]));
    }
}
