//! Entities out of the lists they stand in and out of each other, checked and with their ids.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::Node;
use super::super::admin;
use super::super::password;
use super::super::schema::{Entity, Kind, Object};
use super::error::{DeclarativeError, Step, put};
use super::{KEPT, REMARKS, ids};

/// An entity and where it stood.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) table: String,
    pub(super) shown: Object,
    pub(super) path: Vec<Step>,
}

impl Item {
    /// Puts the hash of a password in its place.
    pub(super) fn seal(&mut self) {
        let consumer = self.shown.get("consumer");
        let consumer = consumer.and_then(|consumer| consumer["id"].as_str());
        let consumer = consumer.unwrap_or_default().to_owned();
        if self.table == "basicauth_credentials"
            && let Some(Value::String(password)) = self.shown.get_mut("password")
        {
            *password = password::hash(&consumer, password);
        }
    }
}

/// All entities of a file, without what was only for people.
pub(super) fn flatten(node: &Node, file: Object) -> Result<Vec<Item>, DeclarativeError> {
    let mut walk = Walk {
        node,
        now: node.now(),
        items: Vec::new(),
        problems: Value::Null,
    };
    for (table, list) in file {
        walk.list(&table, list, None, &[Step::Name(table.clone())]);
    }
    if walk.problems.is_null() {
        Ok(walk.items)
    } else {
        Err(DeclarativeError::Invalid(walk.problems))
    }
}

struct Walk<'a> {
    node: &'a Node,
    now: Timestamp,
    items: Vec<Item>,
    problems: Value,
}

impl Walk<'_> {
    /// A list of a table's entities, on its own or in `parent`: the field that refers to it, and its id.
    fn list(&mut self, table: &str, list: Value, parent: Option<(&str, &str)>, path: &[Step]) {
        let entity = self.node.schema.of_table(table);
        if entity.is_none() && !KEPT.contains(&table) {
            return put(&mut self.problems, path, json!("unknown field"));
        }
        let entries = match list {
            Value::Null => return,
            Value::Array(entries) => entries,
            _ => return put(&mut self.problems, path, json!("expected an array")),
        };
        for (number, entry) in entries.into_iter().enumerate() {
            let mut path = path.to_vec();
            path.push(Step::Entry(number));
            match (entry, entity) {
                (Value::Object(given), Some(entity)) => self.entity(entity, given, parent, &path),
                (Value::Object(mut shown), None) => {
                    shown.entry("id").or_insert_with(ids::random);
                    if let Some((field, id)) = parent {
                        shown.insert(field.to_owned(), json!({ "id": id }));
                    }
                    let table = table.to_owned();
                    self.items.push(Item { table, shown, path });
                }
                _ => put(&mut self.problems, &path, json!("expected a record")),
            }
        }
    }

    fn entity(
        &mut self,
        entity: &Entity,
        mut given: Object,
        parent: Option<(&str, &str)>,
        path: &[Step],
    ) {
        given.retain(|key, _| !REMARKS.contains(&key.as_str()) && key != "ws_id");
        let inner = self.take_inner(entity, &mut given);
        let id = match given.get("id").and_then(Value::as_str) {
            Some(id) => json!(id),
            None => ids::id(entity, &given, parent),
        };
        given.insert("id".to_owned(), id.clone());
        if let Some((field, id)) = parent {
            given.insert(field.to_owned(), json!({ "id": id }));
        }
        // References by name are looked up later, when every name is known.
        let named = take_names(entity, &mut given);
        match admin::whole(self.node, entity, given) {
            Ok(mut shown) => {
                for (field, name) in named {
                    shown.insert(field, name);
                }
                self.date(entity, &mut shown);
                self.items.push(Item {
                    table: entity.table.clone(),
                    shown,
                    path: path.to_vec(),
                });
            }
            Err(refusal) => put(&mut self.problems, path, refusal.body["fields"].clone()),
        }
        let id = id.as_str().unwrap_or_default();
        for (field, table, list) in inner {
            let mut path = path.to_vec();
            path.push(Step::Name(table.clone()));
            self.list(&table, list, Some((&field, id)), &path);
        }
    }

    /// The lists of entities that stand in one: the field by which those refer to it, their table, and they themselves.
    fn take_inner(&self, entity: &Entity, given: &mut Object) -> Vec<(String, String, Value)> {
        let mut inner = Vec::new();
        for child in self.node.schema.entities() {
            let is_own = entity.fields.iter().any(|field| field.name == child.table);
            let field = child
                .fields
                .iter()
                .find(|field| field.of.as_deref() == Some(&entity.name));
            if let (false, Some(field)) = (is_own, field)
                && let Some(list) = given.remove(&child.table)
            {
                inner.push((field.name.clone(), child.table.clone(), list));
            }
        }
        // Of what the stand-in only keeps, it knows what belongs to consumers.
        if entity.name == "consumers" {
            for table in KEPT {
                if let Some(list) = given.remove(table) {
                    inner.push(("consumer".to_owned(), table.to_owned(), list));
                }
            }
        }
        inner
    }

    /// Says when it was made and changed, where the file does not.
    fn date(&self, entity: &Entity, shown: &mut Object) {
        let seconds = json!(self.now.as_second());
        let is_set =
            |shown: &Object, field: &str| shown.get(field).is_some_and(|value| !value.is_null());
        if !is_set(shown, "created_at") {
            shown.insert("created_at".to_owned(), seconds.clone());
        }
        for field in entity.fields.iter().filter(|field| field.is_automatic()) {
            if !is_set(shown, &field.name) {
                shown.insert(field.name.clone(), seconds.clone());
            }
        }
    }
}

/// Takes away what refers to others by name or id, with something in its place that the checks take.
fn take_names(entity: &Entity, given: &mut Object) -> Vec<(String, Value)> {
    let mut named = Vec::new();
    for field in &entity.fields {
        let is_reference = matches!(field.kind, Kind::Reference);
        if is_reference && let Some(name @ Value::String(_)) = given.get(&field.name).cloned() {
            given.insert(field.name.clone(), json!({ "id": name.clone() }));
            named.push((field.name.clone(), name));
        }
    }
    named
}
