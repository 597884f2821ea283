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

/// What the operator leaves out: names of what is compared, such as `header etag` or `body /time`, of which a star at the end covers
/// what begins so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored(Vec<String>);

impl Ignored {
    /// These; headers in any case of letters.
    #[must_use]
    pub fn of(names: Vec<String>) -> Self {
        let lower = |name: String| match name.strip_prefix("header ") {
            Some(header) => format!("header {}", header.to_ascii_lowercase()),
            None => name,
        };
        Self(names.into_iter().map(lower).collect())
    }

    pub(super) fn covers(&self, name: &str) -> bool {
        self.0.iter().any(|one| match one.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => one == name,
        })
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
        let wrong = self.0.iter().find(|name| !sound(name))?;
        Some(format!(
            "`{wrong}` is nothing that is compared: write `header NAME`, `body /POINTER` or `body`, with a star at the end for all that begin so"
        ))
    }
}
