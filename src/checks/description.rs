//! A check as it is written down, before it is known against what it runs.

use serde::{Deserialize, Deserializer, Serialize};

use crate::gateway::{Expectation, HttpRequest};

/// A check as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckDescription {
    /// What it is called; its request where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The request: a path or URL alone, or all of it.
    #[serde(deserialize_with = "request")]
    pub request: HttpRequest,
    /// What the answer must be.
    #[serde(default)]
    pub expect: Expectation,
    /// How often it is asked again while the answer is wrong.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
}

/// A request, or its URL alone.
fn request<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HttpRequest, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Url(String),
        // Told apart by hand: an untagged enum would hide which field is wrong.
        Whole(serde_json::Value),
    }
    match Written::deserialize(deserializer)? {
        Written::Url(url) => Ok(HttpRequest::get(url)),
        Written::Whole(value) => HttpRequest::deserialize(value).map_err(serde::de::Error::custom),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
