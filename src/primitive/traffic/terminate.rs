//! `traffic.terminate`: routes that answer with a notice instead of passing requests on.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Side;
use super::placing::{PutsPlugin, puts_plugin};
use crate::gateway::{Gateway, Plugin, PluginOwner};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Lets Kong answer for routes, with its plugin `request-termination`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminate {
    /// The cluster.
    pub side: Side,
    /// The routes, by name or id.
    pub routes: Vec<String>,
    /// The status of the answers, 200 to 599.
    pub status: u16,
    /// What they say; Kong's own words for the status where nothing is given.
    pub message: Option<String>,
}

impl PutsPlugin for Terminate {
    const PLUGIN: &'static str = "request-termination";
    const OWNER: PluginOwner = PluginOwner::Route;

    fn side(&self) -> &Side {
        &self.side
    }

    fn names(&self) -> &[String] {
        &self.routes
    }

    /// Every field: a body excludes a message, and with a trigger of somebody else's only some requests would be answered.
    fn config(&self) -> Map<String, Value> {
        let config = json!({
            "status_code": self.status,
            "message": self.message,
            "body": null,
            "content_type": null,
            "echo": false,
            "trigger": null,
        });
        config.as_object().cloned().unwrap_or_default()
    }
}

// Clients of these routes are turned away, so what gives the run its leave is looked at again. No node loses its requests, so an outage
// of the cluster this is not.
puts_plugin!(Terminate, "traffic.terminate", Effect::StopsTraffic);
