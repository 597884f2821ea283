//! The plugin `request-termination`: an answer in place of the upstream's.
//!
//! `echo`, which tells the request back, is not done.

use serde_json::json;

use super::super::answers;
use super::Exchange;
use super::plugins::Plugin;
use super::query::Query;
use crate::lab::http::Answer;

/// What Kong's answers are unless somebody says otherwise.
const JSON: &str = "application/json; charset=utf-8";

impl Exchange {
    /// Ends the request, if it has the header or the argument that is asked for.
    pub(super) fn terminate(&self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        if let Some(trigger) = config["trigger"].as_str()
            && !self.head.headers.contains_key(trigger)
            && !Query::of(&self.head.uri).has(trigger)
        {
            return None;
        }
        let status = config["status_code"].as_u64().unwrap_or(503);
        let status = u16::try_from(status).unwrap_or(503);
        let message = config["message"].as_str();
        let (body, message) = (config["body"].as_str(), message.or_else(|| usual(status)));
        Some(match (body, message) {
            (Some(body), _) => {
                let kind = config["content_type"].as_str();
                answers::text(status, kind.unwrap_or(JSON), body)
            }
            (None, Some(message)) => answers::compact(status, &json!({ "message": message })),
            (None, None) => answers::text(status, JSON, ""),
        })
    }
}

/// What is said where the configuration says nothing.
fn usual(status: u16) -> Option<&'static str> {
    Some(match status {
        401 => "Unauthorized",
        404 => "Not found",
        405 => "Method not allowed",
        500 => answers::UNEXPECTED,
        502 => "Bad Gateway",
        503 => "Service unavailable",
        _ => return None,
    })
}
