//! What of an answer says nothing about who gave it, or too much.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// How a header is compared.
pub(super) enum Judged {
    /// Not at all.
    Not,
    /// Whether it is there.
    Presence,
    /// By this value.
    Value(String),
}

/// Headers of the connection and the moment. The body's length follows from the body, which is compared itself.
const MOMENTARY: [&str; 12] = [
    "date",
    "age",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "x-kong-request-id",
    "x-kong-upstream-latency",
    "x-kong-proxy-latency",
    "x-kong-response-latency",
    "x-kong-admin-latency",
    "x-kong-total-latency",
];

/// Headers whose value counts or is made anew, and which are there or not.
const COUNTING: [&str; 5] = [
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "set-cookie",
    "expires",
];

static KONG: LazyLock<regex::Regex> =
    LazyLock::new(|| regex::Regex::new(r"(?:\d\.\d )?kong/[^ ,]+").expect("a pattern"));

/// How a header is compared. What Kong calls itself is compared without its version, which is to differ.
pub(super) fn header(name: &str, value: &str) -> Judged {
    if MOMENTARY.contains(&name) {
        return Judged::Not;
    }
    if COUNTING.contains(&name) || name.starts_with("x-ratelimit-remaining") {
        return Judged::Presence;
    }
    Judged::Value(match name {
        "server" | "via" => KONG.replace_all(value, "kong").into_owned(),
        _ => value.to_owned(),
    })
}

/// How much of a body is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyCompared {
    /// Every value, of JSON by its place.
    #[default]
    Values,
    /// Of JSON which places there are and which kind of value each has; whether there is a body otherwise.
    Shape,
    /// Nothing.
    None,
}

/// What of answers is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What is left out, by the names of what is compared, such as `header etag` or `body /time`; a star at the end covers what begins so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ignore: Vec<String>,
    /// The only headers that are compared, where they are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<String>>,
    /// How much of bodies.
    #[serde(default)]
    pub(super) body: BodyCompared,
}

impl Scope {
    /// This; headers in any case of letters.
    #[must_use]
    pub fn of(ignore: Vec<String>, headers: Option<Vec<String>>, body: BodyCompared) -> Self {
        let lower = |name: String| match name.strip_prefix("header ") {
            Some(header) => format!("header {}", header.to_ascii_lowercase()),
            None => name,
        };
        let named = |names: Vec<String>| {
            let names = names.into_iter();
            names.map(|name| name.to_ascii_lowercase()).collect()
        };
        Self {
            ignore: ignore.into_iter().map(lower).collect(),
            headers: headers.map(named),
            body,
        }
    }

    /// Whether what bears this name is compared.
    pub(super) fn takes(&self, name: &str) -> bool {
        let is_left_out = self.ignore.iter().any(|one| match one.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => one == name,
        });
        let header = name.strip_prefix("header ");
        let is_chosen = match (header, &self.headers) {
            (Some(header), Some(chosen)) => chosen.iter().any(|one| one == header),
            _ => true,
        };
        is_chosen && !is_left_out
    }

    /// What of it can mean nothing.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let sound = |name: &str| {
            name == "status"
                || name.starts_with("header ")
                || name == "body"
                || name.starts_with("body /")
                || name == "body*"
        };
        let wrong = self.ignore.iter().find(|name| !sound(name))?;
        Some(format!(
            "`{wrong}` is nothing that is compared: write `header NAME`, `body /POINTER` or `body`, with a star at the end for all that begin so"
        ))
    }
}
