//! What a control plane gives to its data planes: its whole configuration, without what is disabled, under its hash.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::super::super::faults::{Faults, Pushes};
use super::super::Node;
use super::super::declarative;
use super::super::schema::{Object, Schema};
use super::super::store::StoreError;
use super::hash;
use crate::kong::Version;

/// A configuration to give.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Payload {
    /// The names of the plugins in it.
    pub(super) plugins: BTreeSet<String>,
    pub(super) hash: String,
    hashes: Value,
    table: Map<String, Value>,
}

/// The configuration in the database, or what a fault makes of it.
pub(super) async fn export(node: &Node) -> Result<Payload, StoreError> {
    let faults = Faults::of(node.settings.faults_directory());
    let store = node.store();
    let mut lists = BTreeMap::new();
    for entity in node
        .schema
        .entities()
        .filter(|_| faults.pushes != Some(Pushes::Empty))
    {
        lists.insert(entity.table.clone(), store.all(entity).await?);
    }
    if faults.pushes == Some(Pushes::Wrong) {
        lists.remove("plugins");
    }
    leave_out_disabled(&mut lists);
    let mut table = declarative::entities(&node.schema, lists);
    let format = if node.version.is_at_least(3, 0) {
        "3.0"
    } else {
        "2.1"
    };
    table.insert("_format_version".to_owned(), json!(format));
    table.insert("_transform".to_owned(), json!(false));
    let workspace = json!([{"id": store.workspace().await?, "name": "default"}]);
    table.insert("workspaces".to_owned(), workspace);
    let plugins = table.get("plugins").and_then(Value::as_array);
    let plugins = plugins
        .into_iter()
        .flatten()
        .filter_map(|plugin| plugin["name"].as_str().map(str::to_owned))
        .collect();
    let (hash, hashes) = hash::of(&table);
    Ok(Payload {
        plugins,
        hash,
        hashes,
        table,
    })
}

/// Services that are disabled go with their routes and what belongs to those; plugins go alone.
fn leave_out_disabled(lists: &mut BTreeMap<String, Vec<Object>>) {
    let is_disabled = |shown: &Object| shown.get("enabled") == Some(&Value::Bool(false));
    let refers = |shown: &Object, field: &str, gone: &BTreeSet<String>| {
        let id = shown.get(field).and_then(|value| value["id"].as_str());
        id.is_some_and(|id| gone.contains(id))
    };
    let ids = |list: Option<&Vec<Object>>, gone: &dyn Fn(&Object) -> bool| -> BTreeSet<String> {
        let list = list.into_iter().flatten().filter(|shown| gone(shown));
        list.filter_map(|shown| shown["id"].as_str().map(str::to_owned))
            .collect()
    };
    let services = ids(lists.get("services"), &is_disabled);
    let routes = ids(lists.get("routes"), &|shown| {
        refers(shown, "service", &services)
    });
    for (table, list) in lists {
        list.retain(|shown| {
            !((is_disabled(shown) && matches!(table.as_str(), "services" | "plugins"))
                || refers(shown, "service", &services)
                || refers(shown, "route", &routes))
        });
    }
}

impl Payload {
    /// The message to a data plane of `version`: without the fields that an older one does not have, and under the same hash.
    pub(super) fn message(&self, own: &Version, version: &Version) -> io::Result<Vec<u8>> {
        let mut table = self.table.clone();
        if version < own {
            adapt(&Schema::of(version), &mut table);
        }
        let message = json!({
            "type": "reconfigure",
            "timestamp": jiff::Timestamp::now().as_second(),
            "config_table": table,
            "config_hash": self.hash,
            "hashes": self.hashes,
        });
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(message.to_string().as_bytes())?;
        packed.finish()
    }
}

/// Leaves in every entity only what `schema` has.
fn adapt(schema: &Schema, table: &mut Map<String, Value>) {
    for entity in schema.entities() {
        let list = table.get_mut(&entity.table).and_then(Value::as_array_mut);
        for shown in list.into_iter().flatten().filter_map(Value::as_object_mut) {
            shown.retain(|name, _| {
                matches!(name.as_str(), "id" | "created_at")
                    || entity.fields.iter().any(|field| field.name == *name)
            });
            if entity.table == "plugins" {
                let name = shown["name"].as_str().unwrap_or_default().to_owned();
                let config = schema.read_config(&name, &shown["config"]);
                shown.insert("config".to_owned(), config);
            }
        }
    }
}

/// The message in what a control plane sent.
pub(super) fn unpacked(packed: &[u8]) -> Result<Value, String> {
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}
