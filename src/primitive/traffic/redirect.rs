//! `traffic.redirect`: routes whose clients are sent elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Side;
use super::placing::{PutsPlugin, puts_plugin};
use crate::gateway::{Gateway, Plugin, PluginOwner};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Sends the clients of routes to another address, with Kong's plugin `redirect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// The cluster.
    pub side: Side,
    /// The routes, by name or id.
    pub routes: Vec<String>,
    /// Where to: an absolute URL.
    pub to: String,
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Whether path and query of each request take the place of the URL's.
    pub keep_path: bool,
}

impl PutsPlugin for Redirect {
    const PLUGIN: &'static str = "redirect";
    const OWNER: PluginOwner = PluginOwner::Route;

    fn side(&self) -> &Side {
        &self.side
    }

    fn names(&self) -> &[String] {
        &self.routes
    }

    fn config(&self) -> Map<String, Value> {
        let config = json!({
            "location": self.to,
            "status_code": self.status,
            "keep_incoming_path": self.keep_path,
        });
        config.as_object().cloned().unwrap_or_default()
    }
}

// Requests are taken away from this cluster, so what gives the run its leave is looked at again. Where they go need not be anything that
// this run changed, so it is no admission.
puts_plugin!(Redirect, "traffic.redirect", Effect::StopsTraffic);
