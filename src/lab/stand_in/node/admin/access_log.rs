//! The Admin API's access log, where Kong has nginx write it and in nginx's `combined` format: a line for each answer that was given.
//!
//! Practice needs it for the same as production: to see who asked a node for what.

use std::fmt::Write as _;
use std::io::Write as _;

use hyper::body::Body as _;
use hyper::header::{HeaderMap, REFERER, USER_AGENT};
use hyper::{Method, Uri, Version};
use jiff::Zoned;

use crate::lab::http::{Answer, Asked, Peer};
use crate::lab::stand_in::conf::Settings;

/// The file in the prefix.
const FILE: &str = "logs/admin_access.log";

/// What of a request goes into its line.
pub(super) struct Line {
    peer: Option<Peer>,
    method: Method,
    uri: Uri,
    version: Version,
    referer: String,
    agent: String,
}

impl Line {
    /// Notes a request before it is answered.
    pub(super) fn of(request: &Asked) -> Self {
        Self {
            peer: request.extensions().get::<Peer>().copied(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            referer: header(request.headers(), REFERER.as_str()),
            agent: header(request.headers(), USER_AGENT.as_str()),
        }
    }

    /// Writes the line of a request that was answered. A log that cannot be written is no reason not to answer, as with nginx.
    pub(super) fn write(&self, settings: &Settings, answer: &Answer) {
        let line = self.text(answer, &Zoned::now());
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(settings.prefix.join(FILE));
        // In one piece: lines of several answers must not mix.
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        if let Err(error) = written {
            tracing::warn!("cannot write `{FILE}`: {error}");
        }
    }

    fn text(&self, answer: &Answer, now: &Zoned) -> String {
        let peer = self.peer.map(|Peer(address)| address.ip().to_string());
        format!(
            "{} - - [{}] \"{} {} {:?}\" {} {} \"{}\" \"{}\"\n",
            peer.as_deref().unwrap_or("-"),
            now.strftime("%d/%b/%Y:%H:%M:%S %z"),
            self.method,
            self.uri,
            self.version,
            answer.status().as_u16(),
            answer.body().size_hint().lower(),
            self.referer,
            self.agent,
        )
    }
}

/// A header as nginx writes it: `-` where there is none, and nothing in it that could end the quotes or the line.
fn header(headers: &HeaderMap, name: &str) -> String {
    let Some(value) = headers.get(name) else {
        return "-".to_owned();
    };
    let mut text = String::new();
    for byte in value.as_bytes() {
        match byte {
            b'"' | b'\\' | 0..=31 | 127.. => {
                let _ = write!(text, "\\x{byte:02X}");
            }
            _ => text.push(char::from(*byte)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;
    use crate::lab::http;

    #[test]
    fn a_line_is_as_nginx_writes_it() {
        let mut headers = HeaderMap::new();
        let agent = hyper::header::HeaderValue::from_bytes(b"deck/1.4 \"\xff");
        headers.insert(USER_AGENT, agent.expect("a value"));
        let line = Line {
            peer: Some(Peer("127.0.0.1:40000".parse().expect("an address"))),
            method: Method::PATCH,
            uri: "/routes/a?size=1".parse().expect("a path"),
            version: Version::HTTP_11,
            referer: header(&headers, REFERER.as_str()),
            agent: header(&headers, USER_AGENT.as_str()),
        };
        let answer = http::json(StatusCode::OK, &serde_json::json!({}));
        let now = "2026-11-23T02:03:04+00:00[UTC]".parse().expect("a time");
        assert_eq!(
            line.text(&answer, &now),
            "127.0.0.1 - - [23/Nov/2026:02:03:04 +0000] \"PATCH /routes/a?size=1 HTTP/1.1\" 200 2 \"-\" \
             \"deck/1.4 \\x22\\xFF\"\n"
        );
    }
}
