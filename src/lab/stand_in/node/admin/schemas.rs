//! `GET /schemas/{entity}` and `/schemas/plugins/{name}`: the fields the stand-in checks, in Kong's form.
//!
//! A summary: types, defaults, closed lists and bounds, without Kong's entity checks and shorthands.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::Node;
use super::super::schema::{Field, Kind};
use super::Told;
use super::refusal::Refusal;

/// Answers the path after `/schemas/`.
pub(super) fn told(node: &Node, path: &[&str]) -> Told {
    let schema = match path {
        ["plugins", name] => {
            let fields = node.schema.plugin(name).filter(|_| node.has_plugin(name));
            let Some(fields) = fields else {
                let message = format!("No plugin named '{name}'");
                return Err(Refusal::message(StatusCode::NOT_FOUND, &message));
            };
            let fields: Vec<Value> = fields.iter().map(shown).collect();
            json!({"fields": [{"config": {"type": "record", "required": true, "fields": fields}}]})
        }
        [name] => {
            let entity = node.schema.entity(name);
            let entity =
                entity.or_else(|| node.schema.entities().find(|entity| entity.table == *name));
            let Some(entity) = entity else {
                let message = format!("No entity named '{name}'");
                return Err(Refusal::message(StatusCode::NOT_FOUND, &message));
            };
            let fields: Vec<Value> = entity.fields.iter().map(shown).collect();
            json!({ "fields": fields })
        }
        _ => return Err(Refusal::not_found()),
    };
    Ok((StatusCode::OK, Some(schema)))
}

fn shown(field: &Field) -> Value {
    let kind = match field.kind {
        Kind::String => "string",
        Kind::Integer | Kind::Timestamp => "integer",
        Kind::Number | Kind::Instant | Kind::Lifetime => "number",
        Kind::Boolean => "boolean",
        Kind::Set => "set",
        Kind::List => "array",
        Kind::Record => "record",
        Kind::Reference => "foreign",
    };
    let mut shown = json!({ "type": kind });
    if !field.default.is_null() {
        shown["default"] = field.default.clone();
    }
    if field.required {
        shown["required"] = json!(true);
    }
    if field.unique {
        shown["unique"] = json!(true);
    }
    if !field.one_of.is_empty() {
        shown["one_of"] = json!(field.one_of);
    }
    if let Some((least, most)) = field.between {
        shown["between"] = json!([least, most]);
    }
    if let Some(entity) = &field.of {
        shown["reference"] = json!(entity);
    }
    json!({ &field.name: shown })
}
