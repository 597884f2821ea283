//! The ids of entities that a file gives none: the same in every node and after every load, as far as they have a name.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::schema::{Entity, Object};

/// The namespace of the namespaces: one for each table.
const TABLES: Uuid = Uuid::from_u128(0xfd02_801f_0957_4a15_a55a_c8d9_606f_30b5);

/// An id that nothing determines.
pub(super) fn random() -> Value {
    json!(Uuid::new_v4())
}

/// The id of an entity as it stands in the file, in `parent` or on its own.
pub(super) fn id(entity: &Entity, given: &Object, parent: Option<(&str, &str)>) -> Value {
    match name(entity, given, parent) {
        Some(name) => {
            let table = Uuid::new_v5(&TABLES, entity.table.as_bytes());
            json!(Uuid::new_v5(&table, name.as_bytes()))
        }
        None => random(),
    }
}

/// What tells it from the others of its table: the parts of its cache key, else its name.
fn name(entity: &Entity, given: &Object, parent: Option<(&str, &str)>) -> Option<String> {
    let parts: &[&str] = match entity.table.as_str() {
        "plugins" => &["name", "route", "service", "consumer"],
        "targets" => &["upstream", "target"],
        "acls" => &["consumer", "group"],
        "basicauth_credentials" => &["username"],
        "keyauth_credentials" => &["key"],
        _ => {
            let key = given.get(&entity.key).and_then(Value::as_str);
            return key.map(str::to_owned);
        }
    };
    let mut name = format!("{}:*", entity.table);
    for part in parts {
        let own = given.get(*part).and_then(Value::as_str);
        let outer = parent.filter(|(field, _)| field == part).map(|(_, id)| id);
        let is_required = entity
            .fields
            .iter()
            .any(|field| field.name == *part && field.required);
        match own.or(outer) {
            None if is_required => return None,
            found => {
                name.push(':');
                name.push_str(found.unwrap_or_default());
            }
        }
    }
    Some(name)
}
