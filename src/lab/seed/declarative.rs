//! The same as a declarative file, for a gateway without a database.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::super::stand_in::yaml;
use super::{
    CONSUMERS, Counting, SERVICES, Seeded, consumer, key, mark, plugins, routes, seeded, service,
};
use crate::kong::Version;

/// The text of the file for gateways of `version`, and what there is to be asked of them then.
#[must_use]
pub fn declarative(
    version: &Version,
    upstream_url: &str,
    redis: Option<SocketAddr>,
) -> (String, Seeded) {
    let is_older = version.major < 3;
    let referring = |mut entity: Value, field: &str, name: &str| {
        entity[field] = json!(name);
        entity
    };
    let services = SERVICES.map(|name| service(name, upstream_url));
    let routes =
        routes(mark(is_older)).map(|(service, route)| referring(route, "service", service));
    let consumers = (1..=CONSUMERS).map(|number| {
        let mut consumer = consumer(number);
        consumer["keyauth_credentials"] = json!([{ "key": key(number) }]);
        consumer
    });
    let plugins = plugins(redis, Counting::Node).map(|(path, plugin)| {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match segments[..] {
            ["services", name, _] => referring(plugin, "service", name),
            ["routes", name, _] => referring(plugin, "route", name),
            _ => plugin,
        }
    });
    let object = |entity: Value| match entity {
        Value::Object(entity) => entity,
        _ => Map::new(),
    };
    let list = |entities: Vec<Value>| entities.into_iter().map(object);
    let lists = [
        ("services", list(services.to_vec())),
        ("routes", list(routes.to_vec())),
        ("consumers", list(consumers.collect())),
        ("plugins", list(plugins.to_vec())),
    ];
    let format = if is_older { "2.1" } else { "3.0" };
    (yaml::declarative(format, true, lists), seeded())
}
