//! The answers a node gives by itself: Kong's bodies and headers, and the label that says this is not Kong.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Node;
use crate::kong::Version;
use crate::lab::http::{self, Answer};

/// What Kong says when it does not want to say more.
pub(super) const UNEXPECTED: &str = "An unexpected error occurred";

/// The header and its value on every answer of the stand-in.
const LABEL: (&str, &str) = ("x-kong-stand-in", "cutover practice");

/// `text` as a header's value; what does not fit into one becomes empty.
pub(super) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Says that this is the stand-in.
pub(super) fn label(headers: &mut HeaderMap) {
    headers.insert(LABEL.0, HeaderValue::from_static(LABEL.1));
}

/// The headers of a proxy that answered by itself.
pub(super) fn gateway_headers(version: &Version, headers: &mut HeaderMap) {
    headers.insert("server", value(&format!("kong/{version}")));
}

/// An answer with a text.
pub(super) fn text(status: u16, kind: &str, body: &str) -> Answer {
    let mut answer = Answer::new(Full::new(Bytes::from(body.to_owned())));
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(CONTENT_TYPE, value(kind));
    answer
}

/// An answer with JSON.
pub(super) fn compact(status: u16, body: &Value) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    http::json(status, body)
}

/// The proxy's own error, laid out as Kong does; from 3.5 on it names the request.
pub(super) fn error(version: &Version, status: u16, message: &str, request_id: &str) -> Answer {
    let message = json!(message);
    let body = if version.is_at_least(3, 5) {
        format!("{{\n  \"message\":{message},\n  \"request_id\":\"{request_id}\"\n}}")
    } else {
        format!("{{\n  \"message\":{message}\n}}")
    };
    text(status, "application/json; charset=utf-8", &body)
}

/// The answer that a fault asks for.
pub(super) fn forced(node: &Node, status: u16) -> Answer {
    let mut answer = compact(status, &json!({ "message": UNEXPECTED }));
    gateway_headers(&node.version, answer.headers_mut());
    label(answer.headers_mut());
    answer
}
