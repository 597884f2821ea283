//! Where a request leads: to a server of the environment's, or out of it.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::gateway::Failure;

/// Whose server a request is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The proxy of this node, at the address that the inventory gives.
    Node(String),
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
