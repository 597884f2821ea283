//! The plugin `cors`: the answer to a browser's preflight, and the headers that let its scripts read an answer.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};
use regex::Regex;
use serde_json::Value;

use super::super::answers;
use super::Exchange;
use super::plugins::Plugin;
use crate::lab::http::{self, Answer};

/// Whether a browser asks what it may ask; its answer is the plugin's or, where that lets it through, wholly the upstream's.
pub(super) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

impl Exchange {
    /// Answers a preflight.
    pub(super) fn answer_preflight(&self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        if !is_preflight(&self.head) || config["preflight_continue"] == true {
            return None;
        }
        let mut answer = http::empty(StatusCode::OK);
        let headers = answer.headers_mut();
        self.allow_origin(plugin, headers);
        let wanted = self.head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS);
        match joined(&config["headers"]) {
            Some(allowed) => headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed),
            None => wanted
                .and_then(|wanted| headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone())),
        };
        let methods = joined(&config["methods"]);
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            methods.unwrap_or(HeaderValue::from_static("")),
        );
        if config["max_age"].is_number() {
            let age = config["max_age"].to_string();
            headers.insert(ACCESS_CONTROL_MAX_AGE, answers::value(&age));
        }
        let private = "access-control-request-private-network";
        let wants_private = self.head.headers.get(private);
        if config["private_network"] == true && wants_private.is_some_and(|value| value == "true") {
            headers.insert(
                "access-control-allow-private-network",
                answers::value("true"),
            );
        }
        Some(answer)
    }

    /// Puts the plugin's headers on an answer that is no preflight's.
    pub(super) fn allow_reading(&self, plugin: &Plugin, headers: &mut HeaderMap) {
        self.allow_origin(plugin, headers);
        if let Some(exposed) = joined(&plugin.config["exposed_headers"]) {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    fn allow_origin(&self, plugin: &Plugin, headers: &mut HeaderMap) {
        let config = &plugin.config;
        let origin = self.head.headers.get(ORIGIN);
        let asked = origin.and_then(|origin| origin.to_str().ok());
        let allowed = allowed(config, asked, self.node.version.is_at_least(3, 8));
        let has_credentials = config["credentials"] == true;
        let told = match (&allowed, asked) {
            // Whoever sends credentials has to be named.
            (Allowed::Everybody, Some(asked)) if has_credentials => Some(asked),
            (Allowed::Everybody, _) => Some("*"),
            (Allowed::One(origin), _) => Some(origin.as_str()),
            (Allowed::Nobody, _) => None,
        };
        if told != Some("*") {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        match told {
            Some(told) => headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, answers::value(told)),
            None => headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN),
        };
        if has_credentials && (asked.is_some() || !matches!(allowed, Allowed::Everybody)) {
            let name = ACCESS_CONTROL_ALLOW_CREDENTIALS;
            headers.insert(name, HeaderValue::from_static("true"));
        }
    }
}

/// Who may read an answer.
#[derive(Debug, PartialEq, Eq)]
enum Allowed {
    Everybody,
    One(String),
    Nobody,
}

/// Who may, by the configuration and the origin that asks; since 3.8 a `*` among several origins is everybody too.
fn allowed(config: &Value, asked: Option<&str>, heeds_star: bool) -> Allowed {
    let origins = config["origins"].as_array().into_iter().flatten();
    let origins: Vec<&str> = origins.filter_map(Value::as_str).collect();
    match origins.as_slice() {
        [] | ["*"] => return Allowed::Everybody,
        [one] if one.chars().all(is_plain) => return Allowed::One((*one).to_owned()),
        _ => {}
    }
    let Some(asked) = asked else {
        return Allowed::Nobody;
    };
    if heeds_star && origins.contains(&"*") {
        return Allowed::Everybody;
    }
    let (asked, host) = normalised(asked);
    let is_asked = |origin: &&str| {
        if origin.chars().all(is_plain) {
            return normalised(origin).0 == asked;
        }
        // An expression without a colon is meant for the host alone.
        let subject = if origin.contains(':') { &asked } else { &host };
        let expression = Regex::new(&format!("^(?:{origin})$"));
        expression.is_ok_and(|expression| expression.is_match(subject))
    };
    if origins.iter().any(is_asked) {
        Allowed::One(asked)
    } else {
        Allowed::Nobody
    }
}

/// The characters that leave an origin what it says; any other makes it a regular expression.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || ".:/-".contains(character)
}

/// An origin without the port that its scheme has anyway, and its host.
fn normalised(origin: &str) -> (String, String) {
    let Some((scheme, rest)) = origin.split_once("://") else {
        return (origin.to_owned(), origin.to_owned());
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let port = match (scheme, port) {
        ("http", Some("80")) | ("https", Some("443")) | (_, None) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    (format!("{scheme}://{host}{port}"), host.to_owned())
}

/// The texts of a list with commas between them; `None` for an empty one.
fn joined(list: &Value) -> Option<HeaderValue> {
    let texts: Vec<&str> = list.as_array()?.iter().filter_map(Value::as_str).collect();
    (!texts.is_empty()).then(|| answers::value(&texts.join(",")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn origins_are_texts_or_expressions() {
        let may = |origins: &[&str], asked: &str| {
            allowed(&json!({ "origins": origins }), Some(asked), true)
        };
        let one = |origin: &str| Allowed::One(origin.to_owned());
        assert_eq!(may(&[], "https://a.test"), Allowed::Everybody);
        // A lone origin is told whoever asks, and the browser compares.
        assert_eq!(
            may(&["https://a.test"], "https://b.test"),
            one("https://a.test")
        );
        let two = ["https://a.test", r".*\.b\.test"];
        assert_eq!(may(&two, "https://a.test:443"), one("https://a.test"));
        assert_eq!(may(&two, "https://x.b.test"), one("https://x.b.test"));
        assert_eq!(may(&two, "https://xb.test"), Allowed::Nobody);
        assert_eq!(
            may(&["https://a.test", "*"], "https://c.test"),
            Allowed::Everybody
        );
        let older = allowed(
            &json!({"origins": ["https://a.test", "*"]}),
            Some("https://c.test"),
            false,
        );
        assert_eq!(older, Allowed::Nobody);
    }
}
