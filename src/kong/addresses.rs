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
    for plugin in of("plugins").filter(|plugin| !sends_datagrams(plugin)) {
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

/// Settings with a document that names an identity provider, or a directory of users.
const DOCUMENTS: [&str; 2] = ["admin_gui_auth_conf", "portal_auth_conf"];

/// Settings of data planes with a server and its port. What is encrypted there is by certificates of both sides, which only Kong has.
const CONTROL_PLANES: [&str; 2] = ["cluster_control_plane", "cluster_telemetry_endpoint"];

/// Every address that a node's own settings name for Kong to connect to, with the setting; but for its database, which is proven apart.
#[must_use]
pub fn of_settings(settings: &BTreeMap<String, String>) -> BTreeMap<Address, BTreeSet<String>> {
    let text = |key: &str| settings.get(key).map(String::as_str).unwrap_or_default();
    let port = |key: &str| text(key).parse::<u64>().ok();
    let mut found: Vec<(&str, Address)> = Vec::new();
    for key in DOCUMENTS {
        let mut named = Vec::new();
        if let Ok(document) = serde_json::from_str(text(key)) {
            in_settings(&document, &mut named);
        }
        found.extend(named.into_iter().map(|address| (key, address)));
    }
    // Others have these as presets that lead nowhere.
    let is_data_plane = text("role") == "data_plane";
    for key in CONTROL_PLANES.iter().filter(|_| is_data_plane) {
        let server =
            split(text(key), 0).and_then(|(host, port)| address(host, Some(port.into()), false));
        found.extend(server.map(|address| (*key, address)));
    }
    found.extend(of_url(text("proxy_server")).map(|address| ("proxy_server", address)));
    let vault = address(
        text("vault_hcv_host"),
        port("vault_hcv_port"),
        text("vault_hcv_protocol") == "https",
    );
    found.extend(vault.map(|address| ("vault_hcv_host", address)));
    // Mail is only pretended by default.
    if text("smtp_mock") == "off" {
        let mail = address(text("smtp_host"), port("smtp_port"), false);
        found.extend(mail.map(|address| ("smtp_host", address)));
    }
    let mut by_address: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
    for (key, address) in found {
        let by = format!("the setting `{key}`");
        by_address.entry(address).or_default().insert(by);
    }
    by_address
}

/// Plugins that send datagrams, for which nobody need listen: whether they arrive, no connection tells.
const DATAGRAMS: [&str; 5] = ["datadog", "loggly", "statsd", "statsd-advanced", "udp-log"];

fn sends_datagrams(plugin: &Map<String, Value>) -> bool {
    let by_connection = plugin.get("config").map(|config| &config["use_tcp"]);
    DATAGRAMS.contains(&text(plugin, "name")) && by_connection != Some(&Value::Bool(true))
}

/// Parts of the names of settings with URLs to which no node connects: clients are sent there or come from there, or they are but names.
const NO_SERVERS: [&str; 6] = [
    "audience",
    "issuers_allowed",
    "origins",
    "redirect_uri",
    "scopes",
    "token_issuer",
];

/// What the settings of a plugin name: URLs, and hosts that have a port beside them.
fn in_settings(value: &Value, named: &mut Vec<Address>) {
    match value {
        Value::String(text) => named.extend(of_url(text)),
        Value::Array(values) => values.iter().for_each(|value| in_settings(value, named)),
        Value::Object(settings) => {
            for (key, value) in settings {
                if NO_SERVERS.iter().any(|part| key.contains(part)) {
                    continue;
                }
                in_settings(value, named);
                let Some(prefix) = key.strip_suffix("host") else {
                    continue;
                };
                let port = settings
                    .get(&format!("{prefix}port"))
                    .and_then(Value::as_u64);
                let encrypted = ["ssl", "ldaps", "tls"]
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
                { "name": "tcp-log", "config": { "host": "logs.internal", "port": 6514, "tls": true } },
                { "name": "statsd", "config": { "host": "tcp.internal", "port": 8125, "use_tcp": true } },
            ],
        });
        insta::assert_snapshot!(told(&entities), @r"
        tcp://10.0.0.7:8080: the service `7f` by a target of `pool`
        tcp://fd00::1:8000: the service `7f` by a target of `pool`
        tcp://ldap.internal:389: the plugin `ldap-auth`
        tcp://log.internal:9200: the plugin `http-log`
        tls://login.example:443: the plugin `openid-connect`
        tls://logs.internal:6514: the plugin `tcp-log`
        tls://orders.internal:443: the service `orders`
        tls://r2:6380: the plugin `rate-limiting`
        tcp://redis.internal:6379: the plugin `rate-limiting`
        tcp://tcp.internal:8125: the plugin `statsd`
        ");
    }

    #[test]
    fn where_no_node_connects_is_no_address() {
        let entities = json!({ "plugins": [
            { "name": "cors", "config": { "origins": ["https://app.example", "http://localhost:3000"] } },
            { "name": "openid-connect", "config": {
                "login_redirect_uri": ["https://app.example/in"], "redirect_uri": ["https://api.example/back"],
                "scopes": ["https://names.example/auth/read"], "audience": ["https://api.example"], "issuers_allowed": ["https://old.example"],
            } },
            { "name": "jwt-signer", "config": { "access_token_issuer": "https://signer.example" } },
            { "name": "statsd", "config": { "host": "localhost", "port": 8125, "use_tcp": false } },
            { "name": "udp-log", "config": { "host": "logs.internal", "port": 514 } },
        ] });
        assert_eq!(told(&entities), "");
    }

    #[test]
    fn settings_name_identity_providers_and_other_servers() {
        let settings = [
            (
                "admin_gui_auth_conf",
                r#"{"issuer":"https://login.example/realm","redirect_uri":["https://manager.example"]}"#,
            ),
            (
                "portal_auth_conf",
                r#"{"ldap_host":"ldap.internal","ldap_port":636,"ldaps":true}"#,
            ),
            ("cluster_control_plane", "cp.internal:8005"),
            ("cluster_telemetry_endpoint", "127.0.0.1"),
            ("proxy_server", "http://user:word@proxy.internal:3128"),
            ("vault_hcv_host", "vault.internal"),
            ("vault_hcv_port", "8200"),
            ("vault_hcv_protocol", "https"),
            ("smtp_host", "localhost"),
            ("smtp_port", "25"),
            ("pg_host", "db.internal"),
            ("admin_gui_url", "https://manager.example"),
        ];
        let told = |more: &[(&'static str, &'static str)]| {
            let all = settings.iter().chain(more);
            let all = all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let found = of_settings(&all.collect()).into_iter();
            let lines = found.map(|(address, by)| format!("{address}: {by:?}"));
            lines.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(told(&[("role", "data_plane"), ("smtp_mock", "off")]), @r#"
        tcp://cp.internal:8005: {"the setting `cluster_control_plane`"}
        tls://ldap.internal:636: {"the setting `portal_auth_conf`"}
        tcp://localhost:25: {"the setting `smtp_host`"}
        tls://login.example:443: {"the setting `admin_gui_auth_conf`"}
        tcp://proxy.internal:3128: {"the setting `proxy_server`"}
        tls://vault.internal:8200: {"the setting `vault_hcv_host`"}
        "#);
        insta::assert_snapshot!(told(&[]), @r#"
        tls://ldap.internal:636: {"the setting `portal_auth_conf`"}
        tls://login.example:443: {"the setting `admin_gui_auth_conf`"}
        tcp://proxy.internal:3128: {"the setting `proxy_server`"}
        tls://vault.internal:8200: {"the setting `vault_hcv_host`"}
        "#);
    }

    #[test]
    fn an_option_is_no_host() {
        assert_eq!(address("-oProxyCommand=id", Some(1), false), None);
        assert_eq!(of_url("http://-x:80/"), None);
        assert_eq!(of_url("https://host:0/"), None);
    }
}
