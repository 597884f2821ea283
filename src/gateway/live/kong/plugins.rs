//! Plugins on routes and services, through a node's Admin API.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::gateway::live::Live;
use crate::gateway::{AdminAccess, Failure, Plugin, PluginOwner, PluginPlace, Plugins};

/// What stays as it is in a part of a path: all but the unreserved characters (RFC 3986) is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Plugins for Live {
    async fn available_plugins(&self, node: &str) -> Result<BTreeSet<String>, Failure> {
        self.open_admin_only(node).await?;
        let root = self.admin_get(node, "/").await?;
        let available = root["plugins"]["available_on_server"].as_object();
        let available = available.ok_or_else(|| {
            let message = format!("the Admin API of `{node}` does not tell its plugins");
            Failure::new("kong.admin.shape", message).hint("is this address Kong's Admin API?")
        })?;
        let names = available
            .iter()
            .filter(|(_, told)| **told != Value::Bool(false));
        Ok(names.map(|(name, _)| name.clone()).collect())
    }

    async fn plugin(&self, node: &str, place: &PluginPlace) -> Result<Option<Plugin>, Failure> {
        self.open_admin_only(node).await?;
        let plugins = self
            .admin_list(
                node,
                &format!("{}/plugins", named(place.owner, &place.name)),
            )
            .await?;
        let plugins = plugins.ok_or_else(|| place.nowhere(node))?;
        let other = match place.owner {
            PluginOwner::Route => "service",
            PluginOwner::Service => "route",
        };
        let found = plugins.into_iter().find(|plugin| {
            let for_all = [other, "consumer", "consumer_group"];
            plugin["name"] == *place.plugin && for_all.iter().all(|bound| plugin[*bound].is_null())
        });
        let Some(found) = found else {
            return Ok(None);
        };
        let (id, config) = (found["id"].as_str(), found["config"].as_object());
        let (Some(id), Some(config)) = (id, config) else {
            let message =
                format!("the Admin API of `{node}` shows a plugin without id or `config`");
            return Err(Failure::new("kong.admin.shape", message));
        };
        Ok(Some(Plugin {
            id: id.to_owned(),
            enabled: found["enabled"] != Value::Bool(false),
            config: config.clone(),
        }))
    }

    async fn put_plugin(
        &self,
        node: &str,
        place: &PluginPlace,
        plugin: &Plugin,
    ) -> Result<(), Failure> {
        let found = self.plugin(node, place).await?;
        let is_there = found.is_some_and(|found| found.id == plugin.id);
        let path = format!("/plugins/{}", plugin.id);
        let mut body = json!({ "enabled": plugin.enabled, "config": plugin.config });
        // A change leaves alone what is not named, such as tags and protocols.
        let method = if is_there {
            Method::PATCH
        } else {
            // Below a route or a service Kong takes the name in the path of a PUT for an id.
            let owner = self
                .admin_find(node, &named(place.owner, &place.name))
                .await?;
            let owner = owner.ok_or_else(|| place.nowhere(node))?;
            body["name"] = json!(place.plugin);
            body[place.owner.word()] = json!({ "id": owner["id"] });
            Method::PUT
        };
        let answer = self.admin_send(node, method, &path, Some(&body)).await?;
        taken(node, place, answer).await
    }

    async fn remove_plugin(
        &self,
        node: &str,
        place: &PluginPlace,
        id: &str,
    ) -> Result<(), Failure> {
        self.open_admin_only(node).await?;
        let path = format!("/plugins/{id}");
        let answer = self.admin_send(node, Method::DELETE, &path, None).await?;
        taken(node, place, answer).await
    }

    async fn speaks(&self, node: &str, service: &str, protocol: &str) -> Result<bool, Failure> {
        self.open_admin_only(node).await?;
        let service = self
            .admin_get(node, &named(PluginOwner::Service, service))
            .await?;
        Ok(service["protocol"] == *protocol)
    }
}

impl Live {
    /// Tells a closed Admin API from one that does not answer.
    async fn open_admin_only(&self, node: &str) -> Result<(), Failure> {
        if self.is_admin_closed(node).await? {
            return Err(AdminAccess::closed(node));
        }
        Ok(())
    }
}

/// The path of a route or a service.
fn named(owner: PluginOwner, name: &str) -> String {
    let name = utf8_percent_encode(name, RESERVED);
    format!("/{}s/{name}", owner.word())
}

/// Whether a write was taken; if not, why, in Kong's words.
async fn taken(node: &str, place: &PluginPlace, answer: Response) -> Result<(), Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let told: Value = answer.json().await.unwrap_or_default();
    let words = told["message"].as_str().unwrap_or("no words of Kong's");
    let message = format!(
        "the Admin API of `{node}` answers {} to `{}` on {} `{}`: {words}",
        status.as_u16(),
        place.plugin,
        place.owner.word(),
        place.name
    );
    if status.is_server_error() {
        return Err(Failure::new("kong.admin.status", message)
            .hint("look at the node's error log: does the database refuse the write?"));
    }
    let hint = match status.as_u16() {
        // DB-less Kong and data planes take their configuration from elsewhere.
        405 => "this node takes no configuration through its Admin API",
        409 => "somebody put such a plugin there meanwhile: look who",
        _ => "this version of Kong does not accept the configuration of the plugin",
    };
    Err(Failure::new("traffic.plugin.refused", message).hint(hint))
}
