//! A route, as the Admin API or a declarative file writes it, with what Kong presets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::not_judged::Why;
use super::upstream::Handling;

/// Protocols of routes that carry HTTP.
const HTTP: [&str; 6] = ["http", "https", "grpc", "grpcs", "ws", "wss"];

/// What a route says, as far as it decides.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Route {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) created_at: Option<f64>,
    pub(super) service: Option<Value>,
    pub(super) protocols: Option<Vec<String>>,
    /// An empty list is kept: it counts as one without wildcards.
    pub(super) hosts: Option<Vec<String>>,
    pub(super) paths: Option<Vec<String>>,
    pub(super) methods: Option<Vec<String>>,
    pub(super) headers: Option<BTreeMap<String, Vec<String>>>,
    pub(super) snis: Option<Vec<String>>,
    regex_priority: Option<i64>,
    strip_path: Option<bool>,
    path_handling: Option<String>,
    https_redirect_status_code: Option<u16>,
    sources: Option<Value>,
    destinations: Option<Value>,
    expression: Option<String>,
}

impl Route {
    /// Reads a route, or tells why nothing can be said of it.
    pub(super) fn read(fields: &Map<String, Value>) -> Result<Self, Why> {
        let read = serde_json::from_value::<Self>(Value::Object(fields.clone()));
        let route = read.map_err(|error| Why::Unreadable {
            error: error.to_string(),
        })?;
        if route.expression.is_some() {
            return Err(Why::Expression);
        }
        let protocols = route.protocols.as_deref();
        if protocols.is_some_and(|all| !all.iter().any(|one| HTTP.contains(&&**one))) {
            return Err(Why::Stream);
        }
        if is_set(route.sources.as_ref()) || is_set(route.destinations.as_ref()) {
            return Err(Why::Addresses);
        }
        if route.conditions() == 0 {
            return Err(Why::NoConditions);
        }
        Ok(route)
    }

    /// What it is called: its name, or its id.
    pub(super) fn called(fields: &Map<String, Value>) -> String {
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        let called = text("name").or_else(|| text("id"));
        called.unwrap_or("one without a name").to_owned()
    }

    /// Of how many kinds its conditions are.
    pub(super) fn conditions(&self) -> u32 {
        let kinds = [
            !self.hosts().is_empty(),
            self.header_count() > 0,
            !self.paths().is_empty(),
            !self.methods().is_empty(),
            !self.snis().is_empty(),
        ];
        kinds.into_iter().map(u32::from).sum()
    }

    pub(super) fn hosts(&self) -> &[String] {
        self.hosts.as_deref().unwrap_or_default()
    }

    pub(super) fn paths(&self) -> &[String] {
        self.paths.as_deref().unwrap_or_default()
    }

    pub(super) fn methods(&self) -> &[String] {
        self.methods.as_deref().unwrap_or_default()
    }

    pub(super) fn snis(&self) -> &[String] {
        self.snis.as_deref().unwrap_or_default()
    }

    /// Its headers, with the values that are asked for.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&String, &Vec<String>)> {
        self.headers.iter().flatten()
    }

    pub(super) fn header_count(&self) -> usize {
        self.headers.as_ref().map_or(0, BTreeMap::len)
    }

    /// Whether it names hosts, and none of them with a wildcard.
    pub(super) fn has_plain_hosts_only(&self) -> bool {
        let hosts = self.hosts.as_ref();
        hosts.is_some_and(|hosts| hosts.iter().all(|host| !host.contains('*')))
    }

    pub(super) fn regex_priority(&self) -> i64 {
        self.regex_priority.unwrap_or(0)
    }

    /// Whether what its path takes is taken away.
    pub(super) fn strips(&self) -> bool {
        self.strip_path.unwrap_or(true)
    }

    pub(super) fn handling(&self) -> Handling {
        match self.path_handling.as_deref() {
            Some("v1") => Handling::V1,
            _ => Handling::V0,
        }
    }

    /// What Kong answers to those who ask in the clear, where that is not allowed.
    pub(super) fn answer_in_the_clear(&self) -> Option<u16> {
        let protocols = self.protocols.as_deref().unwrap_or_default();
        let has = |protocol: &str| protocols.iter().any(|one| one == protocol);
        let only_encrypted = has("https") && !has("http");
        only_encrypted.then(|| self.https_redirect_status_code.unwrap_or(426))
    }
}

/// The name in a handshake, as routes are compared with it: without the dot that may end it.
pub(super) fn without_last_dot(sni: &str) -> &str {
    match sni.strip_suffix('.') {
        Some(rest) if !rest.is_empty() => rest,
        _ => sni,
    }
}

fn is_set(field: Option<&Value>) -> bool {
    field.is_some_and(|value| value.as_array().is_none_or(|all| !all.is_empty()))
}
