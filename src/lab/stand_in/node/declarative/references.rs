//! Who refers to whom: names become ids, and what is named twice or not at all is told.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::Node;
use super::super::schema::Kind;
use super::error::{DeclarativeError, Step, put};
use super::flatten::Item;

/// Puts the id in the place of every name.
pub(super) fn resolve(node: &Node, items: &mut [Item]) -> Result<(), DeclarativeError> {
    let mut problems = Value::Null;
    let mut known: HashMap<(String, String), String> = HashMap::new();
    for item in items.iter() {
        let Some(id) = item.shown["id"].as_str() else {
            continue;
        };
        let entity = node.schema.of_table(&item.table);
        let key = entity.and_then(|entity| {
            let field = entity
                .fields
                .iter()
                .find(|field| field.name == entity.key)?;
            let value = item.shown.get(&field.name)?.as_str()?;
            field.unique.then_some((field.name.as_str(), value))
        });
        let names = key.into_iter().chain([("primary key", id)]);
        for (field, name) in names {
            let place = (item.table.clone(), name.to_owned());
            if known.insert(place, id.to_owned()).is_some() {
                let problem = format!(
                    "uniqueness violation: '{}' entity with {field} set to '{name}' already declared",
                    item.table
                );
                put(&mut problems, &item.path, json!(problem));
                break;
            }
        }
    }
    for item in items {
        let Some(entity) = node.schema.of_table(&item.table) else {
            continue;
        };
        for field in &entity.fields {
            let (Kind::Reference, Some(of)) = (field.kind, &field.of) else {
                continue;
            };
            let value = item.shown.get(&field.name).cloned().unwrap_or_default();
            let wanted = match &value {
                Value::String(name) => name.clone(),
                value => match value["id"].as_str() {
                    Some(id) => id.to_owned(),
                    None => continue,
                },
            };
            let table = &node.schema.known(of).table;
            if let Some(id) = known.get(&(table.clone(), wanted.clone())) {
                let id = json!({ "id": id });
                item.shown.insert(field.name.clone(), id);
            } else {
                let told = match &value {
                    Value::String(name) => name.clone(),
                    value => value.to_string(),
                };
                let problem = format!(
                    "invalid reference '{}: {told}' (no such entry in '{table}')",
                    field.name
                );
                let at = item.shown.get(&entity.key).and_then(Value::as_str);
                let at = at.unwrap_or(item.shown["id"].as_str().unwrap_or_default());
                let path = [Step::Name(item.table.clone()), Step::Name(at.to_owned())];
                put(&mut problems, &path, json!([problem]));
            }
        }
    }
    if problems.is_null() {
        Ok(())
    } else {
        Err(DeclarativeError::Invalid(problems))
    }
}
