//! What `GET /` and `/status` tell of each version besides its state: plugins, shared dictionaries, configuration.
//!
//! The JSON files beside hold what the real versions answered with their defaults; what a node knows of itself replaces it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::schema::Object;
use crate::kong::Version;
use crate::lab::stand_in::conf::{DatabaseKind, Declarative, Listen, Role, Settings};

/// The prefix in the files, which stands for the node's own.
const RECORDED_PREFIX: &str = "/usr/local/kong";

/// The facts of one version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    /// The language's version.
    pub(super) lua_version: String,
    /// The bundled plugins; priorities are told from 3.0 on.
    pub(super) plugin_priorities: BTreeMap<String, Option<i64>>,
    /// The shared dictionaries and their sizes.
    pub(super) shared_dictionaries: BTreeMap<String, String>,
    configuration: Object,
}

impl Facts {
    /// The facts of `version`; `None` for one that was not recorded.
    pub(super) fn of(version: &Version) -> Option<Self> {
        let text = match (version.major, version.minor, version.patch) {
            (2, 8, 5) => include_str!("facts/2.8.5.json"),
            (3, 4, 2) => include_str!("facts/3.4.2.json"),
            (3, 9, 1) => include_str!("facts/3.9.1.json"),
            _ => return None,
        };
        Some(serde_json::from_str(text).expect("the embedded facts are tested to be readable"))
    }

    /// The configuration of a node with `settings`, without its secrets.
    pub(super) fn configuration(&self, settings: &Settings) -> Value {
        let prefix = settings.prefix.display().to_string();
        let prefix = prefix.trim_end_matches('/');
        let mut configuration = Value::Object(self.configuration.clone());
        replace_prefix(&mut configuration, prefix);
        let postgres = &settings.postgres;
        for (key, value) in [
            ("prefix", json!(prefix)),
            ("plugins", json!(settings.plugins)),
            ("log_level", json!(settings.log_level)),
            ("pg_host", json!(postgres.host)),
            ("pg_port", json!(postgres.port)),
            ("pg_user", json!(postgres.user)),
            ("pg_password", json!("******")),
            ("pg_database", json!(postgres.database)),
            (
                "pg_timeout",
                json!(u64::try_from(postgres.timeout.as_millis()).unwrap_or(u64::MAX)),
            ),
            ("db_update_frequency", seconds(settings.db_update_frequency)),
            (
                "worker_state_update_frequency",
                seconds(settings.worker_state_update_frequency),
            ),
        ] {
            configuration[key] = value;
        }
        if settings.database == DatabaseKind::Off {
            configuration["database"] = json!("off");
        }
        if let Some(Declarative::File(path)) = &settings.declarative {
            configuration["declarative_config"] = json!(path);
        }
        if settings.role == Role::ControlPlane {
            configuration["role"] = json!("control_plane");
        }
        // The listeners' flags are told since 3.0 with more of them.
        let newer = self.plugin_priorities.values().any(Option::is_some);
        for (key, listens) in [
            ("proxy", &settings.proxy_listen),
            ("admin", &settings.admin_listen),
            ("status", &settings.status_listen),
            ("cluster", &settings.cluster.listen),
        ] {
            // The preset of other nodes, which do not listen to it, is in the files.
            if key == "cluster" && listens.is_empty() {
                continue;
            }
            configuration[format!("{key}_listen")] = match listens.as_slice() {
                [] => json!(["off"]),
                listens => listens
                    .iter()
                    .map(|listen| json!(listen.address.to_string()))
                    .collect(),
            };
            configuration[format!("{key}_listeners")] = match listens.as_slice() {
                [] => json!({}),
                listens => listens
                    .iter()
                    .map(|listen| listener(*listen, newer))
                    .collect(),
            };
        }
        configuration
    }
}

/// Seconds as Kong shows them: whole where they are.
fn seconds(duration: std::time::Duration) -> Value {
    if duration.subsec_nanos() == 0 {
        json!(duration.as_secs())
    } else {
        json!(duration.as_secs_f64())
    }
}

fn listener(listen: Listen, newer: bool) -> Value {
    let mut shown = json!({
        "listener": listen.address.to_string(),
        "ip": listen.address.ip().to_string(),
        "port": listen.address.port(),
        "ssl": listen.ssl,
    });
    let older = [
        "backlog=%d+",
        "bind",
        "deferred",
        "http2",
        "proxy_protocol",
        "reuseport",
    ];
    let since = [
        "ipv6only=off",
        "ipv6only=on",
        "so_keepalive=%w*:%w*:%d*",
        "so_keepalive=off",
        "so_keepalive=on",
    ];
    for flag in older.into_iter().chain(since.into_iter().filter(|_| newer)) {
        shown[flag] = json!(false);
    }
    shown
}

fn replace_prefix(value: &mut Value, prefix: &str) {
    match value {
        Value::String(text) => {
            if let Some(rest) = text.strip_prefix(RECORDED_PREFIX) {
                *text = format!("{prefix}{rest}");
            }
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| replace_prefix(value, prefix)),
        Value::Object(values) => values
            .values_mut()
            .for_each(|value| replace_prefix(value, prefix)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_of_all_versions_are_readable_and_take_the_nodes_own_prefix() {
        for version in crate::kong::catalogue::RECORDED {
            let facts = Facts::of(&version).expect("recorded");
            let environment = [("KONG_PREFIX", "/p/"), ("KONG_PG_PASSWORD", "open sesame")];
            let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let conf = tempfile::NamedTempFile::new().expect("a file");
            let settings = Settings::load(Some(conf.path()), None, environment).expect("valid");
            let configuration = facts.configuration(&settings);
            assert_eq!(configuration["kong_env"], "/p/.kong_env");
            assert!(!configuration.to_string().contains("open sesame"));
        }
        assert!(Facts::of(&Version::new(3, 8, 0)).is_none());
    }
}
