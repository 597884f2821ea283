//! What a change set says of a value: the value itself, or that it is a secret.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::shown::{HIDDEN, quoted};
use super::{Reference, Sealed};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Stated {
    /// It is no secret.
    Plain(String),
    /// It is one.
    Secret(SealedSecret),
}

/// A secret value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedSecret {
    /// Which it was when it was recorded.
    pub secret: Sealed,
    /// Where it is to be had. Recorded it is missing: a person has to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

// Written by hand, since the error of an untagged enum says nothing of what is wrong.
impl<'de> Deserialize<'de> for Stated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Stated;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text, or `secret` and `reference`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Stated, E> {
                Ok(Stated::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Stated, A::Error> {
                SealedSecret::deserialize(MapAccessDeserializer::new(map)).map(Stated::Secret)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl fmt::Display for Stated {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => out.write_str(&quoted(text)),
            Self::Secret(secret) => secret.fmt(out),
        }
    }
}

impl fmt::Display for SealedSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.secret {
            Sealed::Digest(_) => HIDDEN,
            Sealed::Any => "whichever secret",
        })?;
        match &self.reference {
            Some(reference) => write!(out, " from {reference}"),
            None => Ok(()),
        }
    }
}
