//! Configurations in the model, which holds none: one route stands for all, so that whatever is made from routes is made.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Simulated, Work};
use crate::gateway::{Configuration, Configurations, Failure, Kong as _};
use crate::kong::advisories::{Entity, Known};
use crate::kong::conf;

impl Configurations for Simulated {
    async fn configuration(&self, node: &str, kinds: &[&str]) -> Result<Configuration, Failure> {
        self.work(Work::Look, 0);
        let version = self.admin_status(node).await?.version;
        let of = |kind: &&str| {
            let entities = match *kind {
                "services" => vec![json!({ "id": "simulated", "name": "simulated" })],
                "routes" => vec![json!({
                    "id": "simulated", "name": "simulated", "paths": ["/"], "service": { "id": "simulated" },
                })],
                _ => Vec::new(),
            };
            let entity = |value: Value| Entity {
                workspace: None,
                fields: value.as_object().cloned().unwrap_or_else(Map::new),
            };
            let entities = entities.into_iter().map(entity).collect();
            ((*kind).to_owned(), Known::Known(entities))
        };
        Ok(Configuration {
            version,
            entities: kinds.iter().map(of).collect(),
            credentials: Vec::new(),
        })
    }

    async fn node_settings(&self, node: &str) -> Result<conf::Configuration, Failure> {
        self.work(Work::Look, 0);
        let version = self.installed_version(node).await?;
        // No file is there to be read: what its version fills in.
        let layers = conf::Layers {
            version,
            file: None,
            environment: Vec::new(),
        };
        conf::effective(&layers)
            .map_err(|error| Failure::new("config.unreadable", error.to_string()))
    }

    async fn rendered_settings(&self, node: &str) -> Result<BTreeMap<String, String>, Failure> {
        let settings = self.node_settings(node).await?.keys.into_iter();
        let set = settings.filter_map(|(key, of)| Some((key, of.value.reveal()?.to_owned())));
        Ok(set.collect())
    }

    async fn schemas(
        &self,
        _node: &str,
        _of: &[String],
    ) -> Result<BTreeMap<String, Value>, Failure> {
        self.work(Work::Look, 0);
        Ok(BTreeMap::new())
    }
}
