//! The whole configuration of a gateway, by the Admin API of one node.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::gateway::live::Live;
use crate::gateway::{Configuration, Configurations, Failure, Kong as _};
use crate::kong::advisories::Known;
use crate::kong::conf;

impl Configurations for Live {
    async fn configuration(&self, node: &str, kinds: &[&str]) -> Result<Configuration, Failure> {
        let version = self.admin_status(node).await?.version;
        let mut entities = BTreeMap::new();
        let workspaces = self.workspaces(node).await;
        for kind in kinds {
            let found = match (&workspaces, *kind) {
                (Known::Unknown { unknown }, _) => Known::unknown(unknown.clone()),
                (Known::Known(names), "targets") => {
                    match self.in_all(node, names, "upstreams").await {
                        Known::Known(upstreams) => self.targets(node, &upstreams).await,
                        unknown @ Known::Unknown { .. } => unknown,
                    }
                }
                (Known::Known(names), kind) => self.in_all(node, names, kind).await,
            };
            entities.insert((*kind).to_owned(), found);
        }
        Ok(Configuration {
            version,
            entities,
            credentials: self.environment.credentials.clone(),
        })
    }

    async fn node_settings(&self, node: &str) -> Result<conf::Configuration, Failure> {
        self.settings_of(node).await
    }

    async fn rendered_settings(&self, node: &str) -> Result<BTreeMap<String, String>, Failure> {
        let prefix = self.node(node).await?.1.prefix.display().to_string();
        let (private, rendered) = self.prepared_in(node).await?;
        let private = private.display().to_string();
        // It was rendered into a prefix of its own.
        let there = |(key, value): (String, String)| (key, value.replace(&private, &prefix));
        Ok(rendered.into_iter().map(there).collect())
    }

    async fn schemas(&self, node: &str, of: &[String]) -> Result<BTreeMap<String, Value>, Failure> {
        let mut schemas = BTreeMap::new();
        for path in of {
            if let Some(schema) = self.admin_find(node, &format!("/schemas/{path}")).await? {
                schemas.insert(path.clone(), schema);
            }
        }
        Ok(schemas)
    }
}
