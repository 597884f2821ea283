//! A request, its answer, and what an answer must be, as plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::Failure;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRequest {
    /// The method; `GET` where none is given.
    #[serde(default = "get")]
    pub method: String,
    /// Where to.
    pub url: String,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long the whole answer may take, in milliseconds.
    #[serde(default = "ten_seconds")]
    pub timeout: u64,
}

/// Whose server a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One of the environment's, at the address that the inventory gives.
    Environment,
    /// Any other, which a playbook has named.
    Outside,
}

/// The URL of `path` at a server whose base URL is `base`. Nothing that a playbook writes behind a base leads to another server.
pub fn at(base: &str, path: &str) -> Result<String, Failure> {
    let refused = |why: &str| {
        Failure::new("http.request", format!("`{path}` {why}"))
            .hint("write a path that begins with `/`, as in `http::check(node, \"/status\", …)`")
    };
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(refused("is not a path"));
    }
    let whole = format!("{}{path}", base.trim_end_matches('/'));
    let (Ok(origin), Ok(url)) = (Url::parse(base), Url::parse(&whole)) else {
        return Err(refused("makes no URL"));
    };
    if origin.origin() != url.origin() {
        return Err(refused("leads to another server"));
    }
    Ok(whole)
}

fn get() -> String {
    "GET".to_owned()
}

fn ten_seconds() -> u64 {
    10_000
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON, where it is JSON.
    pub json: Value,
    /// The body's length in bytes.
    pub bytes: u64,
    /// From sending to the whole answer, in milliseconds.
    pub milliseconds: u64,
}

/// What an answer must be. At least one field is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The status code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers that must be there with exactly this value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Values in the body, by JSON pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, Value>,
    /// The longest that it may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn a_path_stays_at_its_server() {
        let base = "http://127.0.0.1:8000/";
        assert_eq!(
            at(base, "/a?b=c").ok().as_deref(),
            Some("http://127.0.0.1:8000/a?b=c")
        );
        for trick in [
            "@evil.example/",
            ".evil.example/",
            ":9/",
            "//evil.example/",
            "",
            "a",
            "\\evil",
            "1/",
        ] {
            assert!(at(base, trick).is_err(), "{trick}");
        }
    }
}
