//! What checks run against.

use url::Url;

use super::Check;
use crate::checks::CheckDescription;
use crate::gateway::{Expectation, Failure, at};

/// What checks run against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The proxy of a node.
    Node(String),
    /// A server, by its base URL.
    Server(String),
    /// The server that each check names.
    Itself,
}

impl Against {
    /// The check that a description makes here.
    pub fn check(&self, described: CheckDescription) -> Result<Check, Failure> {
        let wrong =
            |message: String, hint: &str| Err(Failure::new("argument.value", message).hint(hint));
        if described.expect == Expectation::default() {
            return wrong(
                "a check without an expectation proves nothing".to_owned(),
                "say what must hold: #{ status: 200 }, with `headers`, `json`, `body` or `within` as needed",
            );
        }
        if let Some(problem) = described.expect.problem() {
            return wrong(problem, "mend what is expected");
        }
        let mut request = described.request;
        let is_path = request.url.starts_with('/');
        let node = match self {
            Against::Node(node) => {
                if !is_path && Url::parse(&request.url).is_err() {
                    return wrong(
                        format!("`{}` is not a path", request.url),
                        "http::check(node, \"/status\", #{ status: 200 })",
                    );
                }
                // The node is where the connection goes, whatever else was said.
                request.connect_to = None;
                Some(node.clone())
            }
            Against::Server(base) if is_path => {
                request.url = at(base, &request.url)?;
                None
            }
            Against::Server(base) => {
                request.connect_to = Some(server_of(base, &request.url)?);
                None
            }
            Against::Itself if is_path => {
                return wrong(
                    format!("`{}` says not whom to ask", request.url),
                    "write a whole URL, or say against what the check runs",
                );
            }
            Against::Itself => None,
        };
        Ok(Check {
            name: described.name,
            node,
            request: Box::new(request),
            expect: Box::new(described.expect),
            retries: described.retries,
        })
    }
}

/// The server of `base`, for a request whose URL names another: scheme, name and path stay the URL's.
fn server_of(base: &str, url: &str) -> Result<String, Failure> {
    let refused = |why: &str| {
        let message = format!("`{url}` cannot be asked of `{base}`: {why}");
        Err(Failure::new("http.request", message))
    };
    let (Ok(base), Ok(own)) = (Url::parse(base), Url::parse(url)) else {
        return refused("one of them is no URL");
    };
    if base.scheme() != own.scheme() {
        return refused("one is encrypted and the other is not");
    }
    let port = base.port_or_known_default().unwrap_or_default();
    match base.host_str() {
        Some(host) => Ok(format!("{host}:{port}")),
        None => refused("it names no server"),
    }
}
