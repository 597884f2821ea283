//! What may be shown of a value, and how the rest is told.
//!
//! Kong's schemas mark what Enterprise encrypts and what may be kept in a vault, but the open source leaves credentials unmarked, and
//! a plugin without a schema marks nothing. So names count too, and text that no schema describes is never shown. A reference into a
//! vault is no secret: what it points at is.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::field::Field;

/// What a sealed value begins with.
const SEALED: &str = "sealed";

/// How many bytes of a digest are told: enough that no two values have the same.
const TOLD: usize = 16;

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

/// A key under which secrets are told as digests: without it a digest is as good as the value where that can be guessed.
#[derive(Debug, Clone, Default)]
pub(super) struct Seal(Option<Hmac<Sha256>>);

impl Seal {
    /// A seal with a key.
    pub(super) fn with(key: &[u8]) -> Self {
        let keyed = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Self(Some(keyed))
    }

    /// The value of a field as it may be told.
    pub(super) fn shown(&self, value: &Value, name: &str, field: Option<&Field>) -> Value {
        match value {
            value if is_secret(name, field) => self.sealed(value),
            Value::String(text) if field.is_none() || carries_secret(text) => self.sealed(value),
            Value::Array(items) => {
                let item = field.and_then(|field| field.item.as_deref());
                let items = items.iter().map(|value| self.shown(value, name, item));
                items.collect()
            }
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let member =
                        field.and_then(|field| field.fields.get(name).or(field.item.as_deref()));
                    (name.clone(), self.shown(value, name, member))
                })
                .collect(),
            plain => plain.clone(),
        }
    }

    /// A secret as it may be told.
    pub(super) fn sealed(&self, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::String(text) if text.starts_with("{vault://") => value.clone(),
            Value::String(text) => self.mark(text),
            Value::Array(items) => items.iter().map(|value| self.sealed(value)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.sealed(value)))
                .collect(),
            Value::Number(number) => self.mark(&number.to_string()),
        }
    }

    fn mark(&self, text: &str) -> Value {
        let Some(keyed) = &self.0 else {
            return SEALED.into();
        };
        let digest = keyed.clone().chain_update(text).finalize().into_bytes();
        format!("{SEALED}:{}", hex::encode(&digest[..TOLD])).into()
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
    fn the_same_secret_has_the_same_mark_under_one_key() {
        let shown = |key: &[u8], value: &str| {
            let text = Field::read(&json!({}));
            Seal::with(key).shown(&json!(value), "password", Some(&text))
        };
        assert_eq!(shown(b"one", "hunter2"), shown(b"one", "hunter2"));
        assert_ne!(shown(b"one", "hunter2"), shown(b"one", "hunter3"));
        assert_ne!(shown(b"one", "hunter2"), shown(b"two", "hunter2"));
        let text = Field::read(&json!({}));
        let bare = Seal::default().shown(&json!("hunter2"), "password", Some(&text));
        assert_eq!(bare, "sealed");
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
            let shown = Seal::default().shown(&json!(value), name, Some(&field(schema)));
            assert_eq!(shown == "sealed", sealed, "{name} = {value}: {shown}");
        }
    }

    #[test]
    fn within_a_secret_everything_is_sealed_and_without_a_schema_every_text() {
        let seal = Seal::default();
        let headers = field(&json!({"type": "map", "values": {"referenceable": true}}));
        let shown = seal.shown(&json!({"X": "a", "Y": null}), "headers", Some(&headers));
        assert_eq!(shown, json!({"X": "sealed", "Y": null}));
        let shown = seal.shown(&json!({"a": ["x", 1, true]}), "config", None);
        assert_eq!(shown, json!({"a": ["sealed", 1, true]}));
        let shown = seal.shown(&json!([{"pin": 1234}]), "credentials", None);
        assert_eq!(shown, json!([{"pin": "sealed"}]));
    }
}
