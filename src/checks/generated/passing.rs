//! What must be seen where a request is let in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::plugins::{DECIDING, Plugins, present, routed};
use super::route::Route;
use crate::gateway::{Expectation, StatusWanted, Wanted};

/// Plugins that answer themselves.
const ANSWERING: [&str; 3] = ["request-termination", "redirect", "mocking"];

/// Who asks.
#[derive(Clone, Copy)]
pub(super) enum Caller<'a> {
    Nobody,
    /// A consumer, by the id.
    Consumer(&'a str),
    /// One that is let in, and whose id nobody knows.
    Somebody,
}

impl<'a> Plugins<'a> {
    /// What must be seen where nobody refuses the request, and the plugins that are judged by it.
    pub(super) fn passing(
        &self,
        route: &Route<'_>,
        caller: Caller<'_>,
    ) -> (Expectation, BTreeSet<&'a str>) {
        let mut expect = Expectation::default();
        let mut judged = BTreeSet::new();
        let effective = |name: &str| match caller {
            Caller::Somebody if self.is_bound_to_consumers(name) => None,
            Caller::Consumer(consumer) => self.effective(name, route, Some(consumer)),
            Caller::Nobody | Caller::Somebody => self.effective(name, route, None),
        };
        // Whether it runs depends on who that is.
        let is_open =
            |name: &str| matches!(caller, Caller::Somebody) && self.is_bound_to_consumers(name);
        if let Some(plugin) = effective("rate-limiting")
            && plugin.config("hide_client_headers") != &Value::Bool(true)
        {
            for period in ["second", "minute", "hour", "day", "month", "year"] {
                if let Some(limit) = plugin.config(period).as_u64() {
                    let header = format!("x-ratelimit-limit-{period}");
                    expect
                        .headers
                        .insert(header, Wanted::Value(json!(limit.to_string())));
                    judged.insert(plugin.id);
                }
            }
        }
        if let Some(plugin) = effective("correlation-id")
            && plugin.config("echo_downstream") == &Value::Bool(true)
        {
            let header = plugin
                .config("header_name")
                .as_str()
                .unwrap_or("Kong-Request-ID");
            expect.headers.insert(header.to_lowercase(), present());
            judged.insert(plugin.id);
        }
        if let Some(plugin) = effective("response-transformer") {
            let added = plugin
                .config("add")
                .get("headers")
                .and_then(Value::as_array);
            for header in added.into_iter().flatten().filter_map(Value::as_str) {
                let name = header.split(':').next().unwrap_or_default();
                expect.headers.insert(name.to_lowercase(), present());
                judged.insert(plugin.id);
            }
        }
        let answering = ANSWERING.iter().find_map(|name| effective(name));
        let answering = answering.filter(|plugin| !plugin.config("trigger").is_string());
        if ANSWERING.iter().any(|name| is_open(name)) {
            // Nothing is known of the status.
        } else if let Some(plugin) = answering {
            let status = plugin
                .config("status_code")
                .as_u64()
                .and_then(|status| u16::try_from(status).ok());
            expect.status = status.map(StatusWanted::One);
            judged.extend(status.map(|_| plugin.id));
        } else if !route.has_service() {
            expect.status = Some(StatusWanted::One(503));
        } else if DECIDING
            .iter()
            .chain(&["rate-limiting"])
            .all(|name| effective(name).is_none() && !is_open(name))
        {
            // That it came from behind the gateway; with which status is for that to say.
            expect
                .headers
                .insert("x-kong-upstream-latency".to_owned(), present());
        }
        if expect == Expectation::default() {
            expect = routed();
        }
        (expect, judged)
    }
}
