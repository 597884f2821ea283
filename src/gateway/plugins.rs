//! Plugins of Kong's, each on one route or one service, as a node's Admin API has them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::Failure;

/// The plugins in the configuration that a node shares with the others of its database. Neither a look nor a write says what the proxies
/// do: each node takes a change up when it next asks the database for changes and builds its plugins anew.
pub trait Plugins {
    /// The names of the plugins that the Kong which runs on a node has.
    async fn available_plugins(&self, node: &str) -> Result<BTreeSet<String>, Failure>;
    /// The plugin at a place, as the node's Admin API has it; none where there is none.
    async fn plugin(&self, node: &str, place: &PluginPlace) -> Result<Option<Plugin>, Failure>;
    /// Makes the plugin be there with this id; one that is there with it is changed.
    async fn put_plugin(
        &self,
        node: &str,
        place: &PluginPlace,
        plugin: &Plugin,
    ) -> Result<(), Failure>;
    /// Removes the plugin of this id.
    async fn remove_plugin(&self, node: &str, place: &PluginPlace, id: &str)
    -> Result<(), Failure>;
    /// Whether a service is reached by this protocol, `http` or `https`. A simulated world knows no services, and takes it to be.
    async fn speaks(&self, node: &str, service: &str, protocol: &str) -> Result<bool, Failure>;
}

/// What a plugin is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginOwner {
    /// A route.
    Route,
    /// A service.
    Service,
}

impl PluginOwner {
    /// Kong's word for one of them.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Service => "service",
        }
    }
}

/// Where a plugin is: on one route or one service for whoever asks. One that is bound to a consumer as well is another place, which is
/// neither looked at nor touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginPlace {
    /// What it is on.
    pub owner: PluginOwner,
    /// Its name or id.
    pub name: String,
    /// The plugin's name, such as `request-termination`.
    pub plugin: String,
}

impl PluginPlace {
    /// The place in a word, such as `routes/orders/request-termination`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}s/{}/{}", self.owner.word(), self.name, self.plugin)
    }

    /// The id of a plugin that cutover puts here in the cluster `cluster`. Always the same one: what was made before a crash is
    /// recognised after it, and cannot be made twice.
    #[must_use]
    pub fn id(&self, cluster: &str) -> String {
        let digest = Sha256::digest(format!("cutover {cluster} {}", self.key()));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Builder::from_sha1_bytes(bytes).into_uuid().to_string()
    }

    /// There is nothing of that name.
    pub(super) fn nowhere(&self, node: &str) -> Failure {
        let (kind, name) = (self.owner.word(), &self.name);
        let message = format!("the Admin API of `{node}` knows no {kind} `{name}`");
        Failure::new("traffic.plugin.nowhere", message).hint(format!(
            "`curl ADMIN/{kind}s` lists them; write the name, or the id where it has none"
        ))
    }
}

/// A plugin as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// Its id.
    pub id: String,
    /// Whether it runs.
    pub enabled: bool,
    /// Its configuration.
    pub config: Map<String, Value>,
}

impl Plugin {
    /// Whether `found` is this one: all that is said here is so there. What is not said is as Kong presets it.
    #[must_use]
    pub fn is_shown_by(&self, found: &Self) -> bool {
        let same = |(key, value): (&String, &Value)| {
            found.config.get(key).unwrap_or(&Value::Null) == value
        };
        self.id == found.id && self.enabled == found.enabled && self.config.iter().all(same)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(name: &str) -> PluginPlace {
        PluginPlace {
            owner: PluginOwner::Route,
            name: name.to_owned(),
            plugin: "redirect".to_owned(),
        }
    }

    #[test]
    fn a_place_has_one_id_that_kong_takes_for_one() {
        let id = place("orders").id("practice");
        assert_eq!(id, place("orders").id("practice"));
        assert_ne!(id, place("accounts").id("practice"));
        assert_ne!(id, place("orders").id("green"));
        assert_eq!(
            uuid::Uuid::parse_str(&id).expect("an id").get_version_num(),
            5
        );
    }

    #[test]
    fn a_plugin_is_known_by_all_that_was_said_of_it() {
        let plugin = |config: Value| Plugin {
            id: "one".to_owned(),
            enabled: true,
            config: config.as_object().cloned().expect("a map"),
        };
        let wanted = plugin(json!({ "status_code": 503, "body": null }));
        assert!(wanted.is_shown_by(&plugin(json!({ "status_code": 503, "echo": false }))));
        for other in [
            json!({ "status_code": 500 }),
            json!({ "status_code": 503, "body": "no" }),
        ] {
            assert!(!wanted.is_shown_by(&plugin(other)));
        }
        let disabled = Plugin {
            enabled: false,
            ..wanted.clone()
        };
        assert!(!wanted.is_shown_by(&disabled));
    }
}
