//! The plugin `request-size-limiting`: how long a request's body may be.
//!
//! A client that asks before it sends (`Expect: 100-continue`) is answered before its body is read, as Kong does, whose plugins run before
//! the body is. The body of any other is read before.

use hyper::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};

use super::Exchange;
use super::plugins::Plugin;
use crate::lab::http::Answer;

impl Exchange {
    /// Refuses a body that is too long, or whose length is not told where it has to be.
    pub(super) fn limit_size(&self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        let header = |name| {
            let value = self.head.headers.get(name)?;
            value.to_str().ok()
        };
        let told = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let is_chunked = header(TRANSFER_ENCODING) == Some("chunked");
        if told.is_none() && config["require_content_length"] == true && !is_chunked {
            return Some(self.error(411, "A valid Content-Length header is required"));
        }
        let length = told.unwrap_or(self.body_length);
        let unit = match config["size_unit"].as_str() {
            Some("bytes") => 1,
            Some("kilobytes") => 1 << 10,
            _ => 1 << 20,
        };
        let most = config["allowed_payload_size"].as_u64().unwrap_or(128) * unit;
        if length <= most {
            return None;
        }
        // Whoever asked before sending is told before.
        let expects =
            header(EXPECT).is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
        let status = if expects { 417 } else { 413 };
        Some(self.error(status, "Request size limit exceeded"))
    }
}
