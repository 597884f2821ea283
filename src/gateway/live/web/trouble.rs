//! What can go wrong between connecting and the end of an answer, in our words.

use std::error::Error;
use std::io;

use url::Url;

use super::connection::TOO_MUCH;
use crate::gateway::Failure;

/// What the libraries below say where an answer has too much of something and their error has no other sign of it.
const TOO_LARGE: [&str; 4] = [
    "over limit",
    "trailers count overflow",
    "error detected: detected excessive load",
    TOO_MUCH,
];

/// An answer that is none, or not whole.
pub(super) fn broken(url: &Url, why: &str) -> Failure {
    Failure::new(
        "http.broken",
        format!("`{url}` gave no whole answer: {why}"),
    )
}

/// The failure that an error of the connection is.
pub(super) fn trouble(error: &hyper::Error, url: &Url) -> Failure {
    let causes = causes(error);
    // With TLS 1.3 a server says only after the handshake that it wants a certificate of the client's.
    if let Some(tls) = causes.iter().find(|cause| cause.is_tls) {
        let message = format!("no encrypted connection (TLS) to `{url}`: {}", tls.words);
        return Failure::new("http.tls", message);
    }
    let says = |words: &&str| causes.iter().any(|cause| cause.words.contains(*words));
    if error.is_parse_too_large() {
        let message =
            format!("the head of the answer of `{url}` is too large: too many or too long headers");
        return Failure::new("http.too_large", message);
    }
    let innermost = causes.last().map(|cause| cause.words.as_str());
    let innermost = innermost.unwrap_or_default();
    if TOO_LARGE.iter().any(says) {
        let message = format!("the answer of `{url}` is too large: {innermost}");
        return Failure::new("http.too_large", message);
    }
    let kind = causes.iter().find_map(|cause| cause.kind);
    let is_two = causes
        .first()
        .is_some_and(|cause| cause.words.starts_with("http2"));
    broken(
        url,
        &match kind {
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                "the connection was reset".to_owned()
            }
            Some(io::ErrorKind::UnexpectedEof) if innermost.contains("close_notify") => {
                "the connection was closed without TLS's close_notify, so that nobody knows whether it was its end".to_owned()
            }
            Some(io::ErrorKind::UnexpectedEof) => "the connection was closed before its end".to_owned(),
            _ if error.is_incomplete_message() => {
                "the connection was closed before its end".to_owned()
            }
            _ if is_two => format!("HTTP/2: {innermost}"),
            _ if error.is_parse() => format!("it is not HTTP: {innermost}"),
            _ => innermost.to_owned(),
        },
    )
}

/// One of the errors that made an error.
struct Cause {
    words: String,
    kind: Option<io::ErrorKind>,
    is_tls: bool,
}

/// An error with all that made it, the innermost last.
fn causes(error: &(dyn Error + 'static)) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(one) = next {
        let system = one.downcast_ref::<io::Error>();
        let inside = system.and_then(io::Error::get_ref);
        let tls = inside.and_then(|inside| inside.downcast_ref::<rustls::Error>());
        causes.push(Cause {
            words: tls.map_or_else(|| one.to_string(), ToString::to_string),
            kind: system.map(io::Error::kind),
            is_tls: tls.is_some(),
        });
        next = one.source();
    }
    causes
}
