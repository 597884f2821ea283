//! A service, as far as it decides which path its upstream is asked for.

use std::collections::HashMap;

use serde_json::{Map, Value};
use url::Url;

/// Protocols of services that have paths.
const WITH_PATHS: [&str; 6] = ["http", "https", "grpc", "grpcs", "ws", "wss"];

/// What a service says.
#[derive(Debug, Clone)]
pub(super) struct Service {
    /// Its name, or its id.
    pub(super) called: String,
    /// Its path, if it can have one.
    pub(super) path: Option<String>,
    /// Kong leaves out the routes of those that are disabled.
    pub(super) is_enabled: bool,
}

/// All services, by id and by name.
#[derive(Debug, Default)]
pub(super) struct Services(HashMap<String, Service>);

impl Services {
    pub(super) fn read(all: &[Map<String, Value>]) -> Self {
        let mut by_name = HashMap::new();
        for fields in all {
            let service = Service::read(fields);
            for key in ["id", "name"] {
                if let Some(name) = fields.get(key).and_then(Value::as_str) {
                    by_name.insert(name.to_owned(), service.clone());
                }
            }
        }
        Self(by_name)
    }

    /// The service that a route names, as `{"id": …}`, as `{"name": …}` or by its name; the error is what it names.
    pub(super) fn of(&self, named: &Value) -> Result<&Service, String> {
        let name = match named {
            Value::Object(fields) => fields.get("id").or_else(|| fields.get("name")),
            other => Some(other),
        };
        let name = name.and_then(Value::as_str);
        let name = name.map_or_else(|| named.to_string(), str::to_owned);
        self.0.get(&name).ok_or(name)
    }
}

impl Service {
    fn read(fields: &Map<String, Value>) -> Self {
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        // A declarative file may write protocol, host and path together.
        let url = text("url").and_then(|url| Url::parse(url).ok());
        let protocol = text("protocol").or_else(|| url.as_ref().map(Url::scheme));
        let path = text("path").or_else(|| url.as_ref().map(Url::path));
        let has_paths = protocol.is_none_or(|protocol| WITH_PATHS.contains(&protocol));
        Self {
            called: text("name")
                .or_else(|| text("id"))
                .unwrap_or_default()
                .to_owned(),
            path: has_paths.then(|| path.unwrap_or("/").to_owned()),
            is_enabled: fields
                .get("enabled")
                .and_then(Value::as_bool)
                .unwrap_or(true),
        }
    }
}
