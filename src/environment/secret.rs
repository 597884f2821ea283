//! References to secrets. The secret itself never stands in the file; `gateway/live` fetches it when it is needed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretReference {
    /// An environment variable of the `cutover` process.
    Env(String),
    /// A file; one trailing newline is not part of the secret.
    File(PathBuf),
    /// A program and its arguments; its standard output, less one trailing newline, is the secret.
    Command(Vec<String>),
}

/// Marks the message of a secret written in place, so that the error can say how to write it.
pub(super) const IN_PLACE: &str = "a secret cannot stand in this file";

// Written by hand so that a password typed in place gets an answer of its own instead of serde's "invalid type".
impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reference;

        impl<'de> Visitor<'de> for Reference {
            type Value = SecretReference;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a reference to a secret")
            }

            fn visit_str<E: de::Error>(self, _secret: &str) -> Result<SecretReference, E> {
                Err(E::custom(IN_PLACE))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretReference, A::Error> {
                const KINDS: &[&str] = &["env", "file", "command"];
                let reference = match map.next_key::<String>()?.as_deref() {
                    Some("env") => SecretReference::Env(map.next_value()?),
                    Some("file") => SecretReference::File(map.next_value()?),
                    Some("command") => SecretReference::Command(map.next_value()?),
                    Some(other) => return Err(de::Error::unknown_field(other, KINDS)),
                    None => return Err(de::Error::custom("an empty reference to a secret")),
                };
                match map.next_key::<String>()? {
                    None => Ok(reference),
                    Some(_) => Err(de::Error::custom(
                        "a reference to a secret has exactly one key",
                    )),
                }
            }
        }

        deserializer.deserialize_any(Reference)
    }
}
