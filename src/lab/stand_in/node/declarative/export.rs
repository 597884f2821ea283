//! What a node has, as a declarative configuration: references are ids, passwords are hashes already.

use serde_json::{Map, Value, json};

use super::super::schema::{Kind, Object, Schema};
use super::super::store::Held;
use crate::kong::Version;
use crate::lab::stand_in::yaml;

/// Nothing in this order refers to what comes later.
const ORDER: [&str; 11] = [
    "certificates",
    "consumers",
    "snis",
    "services",
    "routes",
    "plugins",
    "upstreams",
    "targets",
    "acls",
    "basicauth_credentials",
    "keyauth_credentials",
];

/// The text that `GET /config` tells.
pub(in super::super) fn text(version: &Version, schema: &Schema, held: &Held) -> String {
    let format = if version.is_at_least(3, 0) {
        "3.0"
    } else {
        "2.1"
    };
    let others = held.entities.keys().map(String::as_str);
    let others = others.filter(|table| !ORDER.contains(table));
    let lists = ORDER.into_iter().chain(others).map(|table| {
        let list = held.entities.get(table).into_iter().flatten();
        let list = list.map(|shown| flat(schema, table, shown.clone()));
        (table, list.collect::<Vec<_>>())
    });
    yaml::declarative(format, false, lists)
}

/// The lists that a control plane gives to a data plane, of entities as the Admin API shows them.
pub(in super::super) fn entities(
    schema: &Schema,
    lists: impl IntoIterator<Item = (String, Vec<Object>)>,
) -> Map<String, Value> {
    lists
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(table, list)| {
            let list = list.into_iter().map(|shown| flat(schema, &table, shown));
            let list: Vec<Object> = list.collect();
            (table, json!(list))
        })
        .collect()
}

/// An entity whose references are ids alone.
fn flat(schema: &Schema, table: &str, mut shown: Object) -> Object {
    let fields = schema.of_table(table).map(|entity| &entity.fields);
    for field in fields.into_iter().flatten() {
        if matches!(field.kind, Kind::Reference)
            && let Some(value) = shown.get_mut(&field.name)
        {
            *value = value["id"].take();
        }
    }
    shown
}
