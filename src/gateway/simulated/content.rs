//! What a simulated database holds, as far as a run can tell it from another: schema, counts, plugins, and digests of them.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::Database;
use crate::gateway::{ContentDigest, Plugin, TableWrites};
use crate::kong::schema::Schema;

/// The content of a database, as far as a run can tell it from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What `schema_meta` holds.
    pub schema: Schema,
    /// How often somebody has written configuration.
    pub writes: u64,
    /// Entities by kind.
    pub entities: BTreeMap<String, u64>,
    /// The plugins that playbooks put on routes and services, by their places.
    pub plugins: BTreeMap<String, Plugin>,
}

/// A database beside a live one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The database on whose server it is.
    pub database: String,
    /// What it holds.
    pub content: Content,
}

impl Content {
    pub(super) fn of(database: &Database) -> Self {
        Self {
            schema: database.schema.clone(),
            writes: database.writes,
            entities: database.entities.clone(),
            plugins: database.plugins.clone(),
        }
    }

    pub(super) fn put_into(&self, database: &mut Database) {
        database.schema = self.schema.clone();
        database.writes = self.writes;
        database.entities.clone_from(&self.entities);
        database.plugins.clone_from(&self.plugins);
    }

    /// The kinds of which there are more or fewer than `before`, if anybody wrote.
    pub(super) fn written_since(&self, before: &Self) -> Vec<TableWrites> {
        if self.writes == before.writes && self.plugins == before.plugins {
            return Vec::new();
        }
        let plugins_differ = self.plugins != before.plugins;
        let kinds = self.entities.iter().filter_map(|(kind, after)| {
            let before = before.entities.get(kind).copied().unwrap_or_default();
            let rewritten = kind == "plugins" && plugins_differ;
            (before != *after || rewritten).then(|| TableWrites {
                table: kind.clone(),
                before,
                after: *after,
                rows: None,
            })
        });
        kinds.collect()
    }

    /// Digests that are equal when the contents are. Migrations rewrite configuration, so what has run is in both.
    pub(super) fn digest(&self) -> ContentDigest {
        let schema = serde_json::to_vec(&self.schema).expect("plain data");
        let held = (&self.schema, self.writes, &self.entities, &self.plugins);
        let configuration = serde_json::to_vec(&held);
        ContentDigest {
            configuration: sum(&configuration.expect("plain data")),
            schema: sum(&schema),
        }
    }
}

pub(super) fn sum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
