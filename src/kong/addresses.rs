//! The addresses that a gateway's configuration names: what its nodes must reach to do their work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A server that nodes connect to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// A name or an IP address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the connection is encrypted from its beginning.
    pub tls: bool,
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "tls" } else { "tcp" };
        write!(out, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// Protocols of services that are encrypted.
const ENCRYPTED: [&str; 4] = ["https", "tls", "grpcs", "wss"];

/// The port of a target that names none.
const TARGET_PORT: u16 = 8000;

/// Entities by their collections.
pub type Entities<'a> = BTreeMap<&'a str, Vec<&'a Map<String, Value>>>;

/// Every address that services, the targets of upstreams and the settings of plugins name, with who names it.
#[must_use]
pub fn addresses(entities: &Entities<'_>) -> BTreeMap<Address, BTreeSet<String>> {
    let of = |kind: &str| entities.get(kind).into_iter().flatten().copied();
    let mut found: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
    let mut add = |address: Option<Address>, by: String| {
        if let Some(address) = address {
            found.entry(address).or_default().insert(by);
        }
    };
    for service in of("services") {
        let by = format!("the service `{}`", name(service));
        let tls = ENCRYPTED.contains(&text(service, "protocol"));
        let upstream =
            of("upstreams").find(|upstream| text(upstream, "name") == text(service, "host"));
        let Some(upstream) = upstream else {
            let port = service.get("port").and_then(Value::as_u64);
            add(address(text(service, "host"), port, tls), by);
            continue;
        };
        let its_own = |target: &&Map<String, Value>| {
            target.get("upstream").map(|of| &of["id"]) == upstream.get("id")
        };
        for target in of("targets").filter(its_own) {
            add(
                of_target(text(target, "target"), tls),
                format!("{by} by a target of `{}`", text(upstream, "name")),
            );
        }
    }
    for plugin in of("plugins") {
        let by = format!("the plugin `{}`", text(plugin, "name"));
        let mut named = Vec::new();
        if let Some(config) = plugin.get("config") {
            in_settings(config, &mut named);
        }
        for address in named {
            add(Some(address), by.clone());
        }
    }
    found
}

/// What the settings of a plugin name: URLs, and hosts that have a port beside them.
fn in_settings(value: &Value, named: &mut Vec<Address>) {
    match value {
        Value::String(text) => named.extend(of_url(text)),
        Value::Array(values) => values.iter().for_each(|value| in_settings(value, named)),
        Value::Object(settings) => {
            for (key, value) in settings {
                in_settings(value, named);
                let Some(prefix) = key.strip_suffix("host") else {
                    continue;
                };
                let port = settings
                    .get(&format!("{prefix}port"))
                    .and_then(Value::as_u64);
                let encrypted = ["ssl", "ldaps"]
                    .iter()
                    .any(|key| settings.get(*key) == Some(&Value::Bool(true)));
                if let (Some(host), Some(port)) = (value.as_str(), port) {
                    named.extend(address(host, Some(port), encrypted));
                }
            }
        }
        _ => {}
    }
}

fn of_url(text: &str) -> Option<Address> {
    let (scheme, rest) = text.split_once("://")?;
    let (tls, preset) = match scheme {
        "http" => (false, 80),
        "https" => (true, 443),
        "ldap" => (false, 389),
        "ldaps" => (true, 636),
        "redis" => (false, 6379),
        "rediss" => (true, 6379),
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let server = authority.rsplit('@').next()?;
    let (host, port) = split(server, preset)?;
    address(host, Some(port.into()), tls)
}

fn of_target(text: &str, tls: bool) -> Option<Address> {
    let (host, port) = split(text, TARGET_PORT)?;
    address(host, Some(port.into()), tls)
}

/// A host and its port, an IPv6 address in its brackets.
fn split(server: &str, preset: u16) -> Option<(&str, u16)> {
    let behind = server.rfind(']').map_or(0, |end| end + 1);
    match server[behind..].rfind(':') {
        Some(colon) => {
            let colon = behind + colon;
            Some((&server[..colon], server[colon + 1..].parse().ok()?))
        }
        None => Some((server, preset)),
    }
}

/// Only what can be a name or an address: a setting may hold a reference into a vault, or a template.
fn address(host: &str, port: Option<u64>, tls: bool) -> Option<Address> {
    let host = host.trim_matches(['[', ']']);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    let port = u16::try_from(port?).ok().filter(|port| *port > 0)?;
    let is_host = !host.is_empty() && !host.starts_with('-') && host.bytes().all(is_name);
    is_host.then(|| Address {
        host: host.to_owned(),
        port,
        tls,
    })
}

fn text<'a>(entity: &'a Map<String, Value>, key: &str) -> &'a str {
    entity.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn name(entity: &Map<String, Value>) -> &str {
    match text(entity, "name") {
        "" => text(entity, "id"),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: &Value) -> Vec<&Map<String, Value>> {
        let all = kind.as_array().into_iter().flatten();
        all.filter_map(Value::as_object).collect()
    }

    fn told(entities: &Value) -> String {
        let all = entities.as_object().expect("kinds");
        let entities = all
            .iter()
            .map(|(kind, all)| (kind.as_str(), of(all)))
            .collect();
        let found = addresses(&entities).into_iter();
        let lines = found.map(|(address, by)| {
            format!(
                "{address}: {}",
                by.into_iter().collect::<Vec<_>>().join(", ")
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn services_targets_and_plugins_name_addresses() {
        let entities = json!({
            "services": [
                { "name": "orders", "protocol": "https", "host": "orders.internal", "port": 443 },
                { "id": "7f", "protocol": "http", "host": "pool", "port": 80 },
                { "name": "odd", "protocol": "http", "host": "{vault://env/host}", "port": 80 },
            ],
            "upstreams": [{ "id": "u1", "name": "pool" }],
            "targets": [
                { "target": "10.0.0.7:8080", "upstream": { "id": "u1" } },
                { "target": "[fd00::1]", "upstream": { "id": "u1" } },
                { "target": "10.0.0.9:1", "upstream": { "id": "other" } },
            ],
            "plugins": [
                { "name": "openid-connect", "config": { "issuer": "https://user:pass@login.example/realm", "scopes": ["openid"] } },
                { "name": "rate-limiting", "config": { "redis_host": "redis.internal", "redis_port": 6379, "redis": { "host": "r2", "port": 6380, "ssl": true } } },
                { "name": "ldap-auth", "config": { "ldap_host": "ldap.internal", "ldap_port": 389 } },
                { "name": "http-log", "config": { "http_endpoint": "http://log.internal:9200/x" } },
            ],
        });
        insta::assert_snapshot!(told(&entities), @r"
        tcp://10.0.0.7:8080: the service `7f` by a target of `pool`
        tcp://fd00::1:8000: the service `7f` by a target of `pool`
        tcp://ldap.internal:389: the plugin `ldap-auth`
        tcp://log.internal:9200: the plugin `http-log`
        tls://login.example:443: the plugin `openid-connect`
        tls://orders.internal:443: the service `orders`
        tls://r2:6380: the plugin `rate-limiting`
        tcp://redis.internal:6379: the plugin `rate-limiting`
        ");
    }

    #[test]
    fn an_option_is_no_host() {
        assert_eq!(address("-oProxyCommand=id", Some(1), false), None);
        assert_eq!(of_url("http://-x:80/"), None);
        assert_eq!(of_url("https://host:0/"), None);
    }
}
