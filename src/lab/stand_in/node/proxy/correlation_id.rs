//! The plugin `correlation-id`: a number for every request, for the upstream and, where it is echoed, for the client.
//!
//! An answer that another plugin gave first has one too: the request's own, or a new one.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use uuid::Uuid;

use super::super::answers;
use super::Exchange;
use super::plugins::Plugin;

impl Exchange {
    /// Numbers a request that has no number.
    pub(super) fn correlate(&mut self, plugin: &Plugin) {
        let Some(name) = name(plugin) else {
            return;
        };
        let id = self.correlation(plugin, &name);
        self.head.headers.insert(name, id);
    }

    /// Tells the client the number.
    pub(super) fn echo_correlation(&self, plugin: &Plugin, headers: &mut HeaderMap) {
        if plugin.config["echo_downstream"] == true
            && let Some(name) = name(plugin)
        {
            let id = self.correlation(plugin, &name);
            headers.insert(name, id);
        }
    }

    /// The request's number, or a new one.
    fn correlation(&self, plugin: &Plugin, name: &HeaderName) -> HeaderValue {
        let given = self.head.headers.get(name);
        if let Some(given) = given.filter(|given| !given.is_empty()) {
            return given.clone();
        }
        let id = match plugin.config["generator"].as_str() {
            Some("uuid") => Uuid::new_v4().to_string(),
            _ => self.node.next_correlation(),
        };
        answers::value(&id)
    }
}

fn name(plugin: &Plugin) -> Option<HeaderName> {
    let name = plugin.config["header_name"].as_str();
    name.unwrap_or("Kong-Request-ID").parse().ok()
}
