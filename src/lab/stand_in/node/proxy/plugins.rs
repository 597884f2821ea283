//! Which plugins run for a request: the enabled ones, each with its most specific configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::schema::Object;
use super::order;
use super::router::Route;
use crate::kong::Version;

/// One configured plugin.
#[derive(Debug)]
pub(super) struct Plugin {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) config: Value,
    pub(super) route: Option<String>,
    pub(super) service: Option<String>,
    consumer: Option<String>,
    /// Whether this version cannot work with the configuration, as after a newer one has restructured it.
    pub(super) is_broken: bool,
}

/// All enabled plugins.
#[derive(Debug, Default)]
pub(in super::super) struct Plugins {
    order: Vec<&'static str>,
    plugins: Vec<Arc<Plugin>>,
}

impl Plugins {
    /// The plugins among entities of the Admin API, for a version that tells these priorities.
    pub(in super::super) fn new(
        version: &Version,
        priorities: &BTreeMap<String, Option<i64>>,
        plugins: &[Object],
    ) -> Self {
        let reference = |shown: &Object, name: &str| shown[name]["id"].as_str().map(str::to_owned);
        let plugins = plugins
            .iter()
            .filter(|shown| shown["enabled"] != false)
            .map(|shown| {
                let name = shown["name"].as_str().unwrap_or_default();
                Arc::new(Plugin {
                    id: shown["id"].as_str().unwrap_or_default().to_owned(),
                    name: name.to_owned(),
                    is_broken: is_broken(version, name, &shown["config"]),
                    config: shown["config"].clone(),
                    route: reference(shown, "route"),
                    service: reference(shown, "service"),
                    consumer: reference(shown, "consumer"),
                })
            })
            .collect();
        Self {
            order: order::order(priorities),
            plugins,
        }
    }

    /// The names of all plugins that are run, in the order in which they run.
    pub(super) fn order(&self) -> &[&'static str] {
        &self.order
    }

    /// The configuration of the plugin `name` that applies, if any.
    pub(super) fn select(
        &self,
        name: &str,
        route: &Route,
        consumer: Option<&str>,
    ) -> Option<Arc<Plugin>> {
        let service = route.service.as_ref().map(|service| service.id.as_str());
        let applies = |wanted: &Option<String>, given: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == given
        };
        self.plugins
            .iter()
            .filter(|plugin| {
                plugin.name == name
                    && applies(&plugin.route, Some(route.id.as_str()))
                    && applies(&plugin.service, service)
                    && applies(&plugin.consumer, consumer)
            })
            .max_by_key(|plugin| {
                // The weights give Kong's order: consumer with route, consumer with service, route with service, then alone.
                let consumer = if plugin.consumer.is_some() { 5 } else { 0 };
                let route = if plugin.route.is_some() { 4 } else { 0 };
                let service = if plugin.service.is_some() { 2 } else { 0 };
                consumer + route + service
            })
            .cloned()
    }
}

/// Redis without a host cannot be talked to; up to 3.5 that is what a configuration looks like whose host a newer Kong has moved.
fn is_broken(version: &Version, name: &str, config: &Value) -> bool {
    let host = if version.is_at_least(3, 6) {
        &config["redis"]["host"]
    } else {
        &config["redis_host"]
    };
    name == "rate-limiting" && config["policy"] == "redis" && host.is_null()
}
