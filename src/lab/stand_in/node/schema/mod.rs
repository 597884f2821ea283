//! What an entity and a plugin's configuration look like in one version: fields, defaults, checks.
//!
//! The fields are data, in the two JSON files beside this one; this room refuses to know tables, requests and answers.

mod check;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::kong::Version;

pub(super) use check::{Violations, complete, filled};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// Seconds since the epoch, set by the node.
    Timestamp,
    /// The same with milliseconds.
    Instant,
    /// Seconds to live; the table holds the moment it ends.
    Lifetime,
    /// A list of texts.
    Set,
    /// A list of objects.
    List,
    /// An object.
    Record,
    /// Another entity, as `{"id": …}`.
    Reference,
}

/// One field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) default: Value,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) unique: bool,
    #[serde(default)]
    pub(super) one_of: Vec<String>,
    #[serde(default)]
    pub(super) between: Option<(i64, i64)>,
    /// The entity a reference points to.
    #[serde(default)]
    pub(super) of: Option<String>,
    /// The first `major.minor` that has the field.
    #[serde(default)]
    since: Option<String>,
    /// The first `major.minor` that no longer has it.
    #[serde(default)]
    until: Option<String>,
}

/// One kind of entity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entity {
    /// Its collection in the Admin API.
    #[serde(skip)]
    pub(super) name: String,
    /// Its table.
    pub(super) table: String,
    /// The field by which it may be named instead of its id.
    pub(super) key: String,
    pub(super) fields: Vec<Field>,
}

/// All entities and plugins of one version.
#[derive(Debug)]
pub(super) struct Schema {
    entities: BTreeMap<String, Entity>,
    plugins: BTreeMap<String, Vec<Field>>,
}

impl Schema {
    /// The schema of `version`.
    pub(super) fn of(version: &Version) -> Self {
        let mut entities: BTreeMap<String, Entity> =
            serde_json::from_str(include_str!("entities.json"))
                .expect("the embedded schema is tested to be readable");
        let mut plugins: BTreeMap<String, Vec<Field>> =
            serde_json::from_str(include_str!("plugins.json"))
                .expect("the embedded schema is tested to be readable");
        for (name, entity) in &mut entities {
            entity.name.clone_from(name);
            entity.fields.retain(|field| field.is_in(version));
        }
        for fields in plugins.values_mut() {
            fields.retain(|field| field.is_in(version));
        }
        Self { entities, plugins }
    }

    /// The same for a node that has no database, or whose clients' requests are answered by others that have none: there is no
    /// counting in its tables.
    pub(super) fn without_tables(mut self) -> Self {
        for field in self.plugins.values_mut().flatten() {
            if field.name == "policy" {
                field.one_of.retain(|policy| policy != "cluster");
            }
        }
        self
    }

    /// The entity of a collection.
    pub(super) fn entity(&self, name: &str) -> Option<&Entity> {
        self.entities.get(name)
    }

    /// An entity that every version has.
    pub(super) fn known(&self, name: &str) -> &Entity {
        &self.entities[name]
    }

    /// The entity of a table, which is what declarative configurations call it by.
    pub(super) fn of_table(&self, table: &str) -> Option<&Entity> {
        self.entities().find(|entity| entity.table == table)
    }

    /// All entities, by collection.
    pub(super) fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.entities.values()
    }

    /// The fields of a plugin's configuration; `None` for a plugin that the stand-in does not know.
    pub(super) fn plugin(&self, name: &str) -> Option<&[Field]> {
        self.plugins.get(name).map(Vec::as_slice)
    }

    /// A stored configuration as this version reads it: defaults filled in, fields of other versions left out.
    ///
    /// From 3.6 on `redis` is the truth and the `redis_*` fields mirror it; an older version sees only the latter, which is how
    /// it loses the Redis host once a newer one has moved it.
    pub(super) fn read_config(&self, plugin: &str, stored: &Value) -> Value {
        let Some(fields) = self.plugin(plugin) else {
            return stored.clone();
        };
        let empty = Object::new();
        let stored = stored.as_object().unwrap_or(&empty);
        let nested = fields.iter().any(|field| field.name == "redis");
        let redis = nested.then(|| redis_record(fields, stored));
        let config: Object = fields
            .iter()
            .map(|field| {
                let value = match (&redis, field.name.strip_prefix("redis_")) {
                    (Some(redis), Some(short)) => redis[short].clone(),
                    (Some(redis), None) if field.name == "redis" => redis.clone(),
                    _ => stored
                        .get(&field.name)
                        .filter(|value| !value.is_null())
                        .unwrap_or(&field.default)
                        .clone(),
                };
                (field.name.clone(), value)
            })
            .collect();
        Value::Object(config)
    }

    /// A checked configuration as this version stores it: with `redis` nested the flat mirror is not stored.
    pub(super) fn stored_config(&self, plugin: &str, config: &Value) -> Value {
        let mut stored = config.clone();
        if let Some(fields) = self.plugin(plugin)
            && fields.iter().any(|field| field.name == "redis")
            && let Some(stored) = stored.as_object_mut()
        {
            stored.retain(|name, _| !name.starts_with("redis_"));
        }
        stored
    }
}

/// The `redis` record of a stored configuration, from the nested form or, where that is absent, from the flat one.
pub(super) fn redis_record(fields: &[Field], stored: &Object) -> Value {
    let default = fields
        .iter()
        .find(|field| field.name == "redis")
        .map_or(json!({}), |field| field.default.clone());
    let nested = stored.get("redis").and_then(Value::as_object);
    let record = default.as_object().cloned().unwrap_or_default();
    let record = record.into_iter().map(|(name, default)| {
        let given = match nested {
            Some(nested) => nested.get(&name),
            None => stored.get(&format!("redis_{name}")),
        };
        let value = given.filter(|value| !value.is_null()).cloned();
        (name, value.unwrap_or(default))
    });
    Value::Object(record.collect())
}

impl Field {
    fn is_in(&self, version: &Version) -> bool {
        let reached = |bound: &String| {
            let (major, minor) = bound.split_once('.').unwrap_or((bound, "0"));
            let number = |text: &str| text.parse().unwrap_or(u16::MAX);
            version.is_at_least(number(major), number(minor))
        };
        self.since.as_ref().is_none_or(reached) && !self.until.as_ref().is_some_and(reached)
    }

    /// Whether the node sets it, and nobody else.
    pub(super) fn is_automatic(&self) -> bool {
        matches!(self.kind, Kind::Timestamp | Kind::Instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_loses_a_redis_host_that_a_newer_one_has_moved() {
        let stored = json!({"policy": "redis", "minute": 5, "redis": {"host": "r", "port": 1}});
        let newer = Schema::of(&Version::new(3, 9, 1)).read_config("rate-limiting", &stored);
        assert_eq!(newer["redis_host"], "r");
        let older = Schema::of(&Version::new(3, 4, 2)).read_config("rate-limiting", &stored);
        assert_eq!(older["redis_host"], Value::Null);
        assert!(older.get("redis").is_none());
    }

    #[test]
    fn a_newer_version_reads_the_flat_form_too() {
        let stored = json!({"policy": "redis", "redis_host": "r", "redis_port": 7});
        let newer = Schema::of(&Version::new(3, 9, 1)).read_config("rate-limiting", &stored);
        assert_eq!(newer["redis"]["host"], "r");
        assert_eq!(newer["redis"]["port"], 7);
    }
}
