//! A field as a schema of Kong describes it: its type, what is filled in, whether it may hold a secret, its second names.
//!
//! Read from the JSON that `/schemas/…` answers, and as lenient as Lua is there: an empty list may be an empty object. What is no
//! description says nothing. Checks of values and of whole entities do not matter here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::path::Object;

/// What a field holds, as far as it matters to a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Type {
    /// A list whose order says nothing.
    Set,
    /// A list.
    Array,
    /// Values by names that people choose.
    Map,
    /// Fields.
    Record,
    /// Anything else, or nobody says.
    #[default]
    Other,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Field {
    /// What it holds.
    pub(super) holds: Type,
    /// Whether it must hold something: then what is filled in takes the place of null too.
    pub(super) is_required: bool,
    /// Whether Enterprise encrypts it at rest.
    pub(super) is_encrypted: bool,
    /// Whether it may hold a reference into a vault.
    pub(super) is_referenceable: bool,
    /// A record's fields.
    pub(super) fields: BTreeMap<String, Field>,
    /// What a list's items or a map's values are.
    pub(super) item: Option<Box<Field>>,
    /// Second names of fields in a record, each with the path within it that it stands for.
    pub(super) aliases: BTreeMap<String, String>,
    default: Option<Value>,
}

impl Field {
    /// The field that a schema describes.
    pub(super) fn read(schema: &Value) -> Self {
        if schema["type"] == "foreign" {
            return Self::reference();
        }
        let is = |flag: &str| schema[flag] == Value::Bool(true);
        let item = schema.get("elements").or_else(|| schema.get("values"));
        Self {
            holds: match schema["type"].as_str() {
                Some("set") => Type::Set,
                Some("array") => Type::Array,
                Some("map") => Type::Map,
                Some("record") => Type::Record,
                _ => Type::Other,
            },
            is_required: is("required"),
            is_encrypted: is("encrypted"),
            is_referenceable: is("referenceable"),
            fields: named(&schema["fields"])
                .map(|(name, field)| (name.clone(), Self::read(field)))
                .collect(),
            item: item.map(|item| Box::new(Self::read(item))),
            aliases: named(&schema["shorthand_fields"])
                .filter_map(|(name, alias)| Some((name.clone(), stands_for(alias)?)))
                .collect(),
            default: schema.get("default").cloned(),
        }
    }

    /// A reference to another entity, which is a record of its id.
    fn reference() -> Self {
        Self {
            holds: Type::Record,
            fields: [("id".to_owned(), Self::default())].into(),
            ..Self::default()
        }
    }

    /// What Kong fills in where nothing is given: null if that is nothing. A record's fields are filled in one by one, each with what
    /// the record's own default says of it, if anything.
    pub(super) fn filled_in(&self) -> Value {
        let given = self.default.clone().unwrap_or(Value::Null);
        if self.holds != Type::Record {
            return given;
        }
        let mut record = match given {
            Value::Object(record) => record,
            _ if self.is_required => Object::new(),
            // An empty record may be written as an empty list.
            Value::Array(_) => Object::new(),
            _ => return Value::Null,
        };
        for (name, field) in &self.fields {
            if record.get(name).is_none_or(Value::is_null) {
                record.insert(name.clone(), field.filled_in());
            }
        }
        Value::Object(record)
    }
}

/// The members of a list of objects with one member each, which is how Kong keeps fields in order.
fn named(list: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_object).flatten()
}

/// The path that an alias stands for: `deprecation.replaced_with` since 3.8, `translate_backwards` before. An alias with neither is
/// taken in and never shown.
fn stands_for(alias: &Value) -> Option<String> {
    let replaced = &alias["deprecation"]["replaced_with"][0]["path"];
    let path = replaced
        .as_array()
        .or_else(|| alias["translate_backwards"].as_array())?;
    let steps: Option<Vec<&str>> = path.iter().map(Value::as_str).collect();
    Some(steps?.join("."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_filled_in_field_by_field() {
        let queue = Field::read(&json!({
            "type": "record", "required": true, "default": {"max_batch_size": 200},
            "fields": [
                {"max_batch_size": {"type": "integer", "default": 1}},
                {"max_entries": {"type": "integer", "default": 10000}},
                {"max_bytes": {"type": "integer"}},
            ],
        }));
        let filled = json!({"max_batch_size": 200, "max_entries": 10000, "max_bytes": null});
        assert_eq!(queue.filled_in(), filled);
        let optional = json!({"type": "record", "fields": [{"a": {"default": 1}}]});
        assert_eq!(Field::read(&optional).filled_in(), Value::Null);
    }

    #[test]
    fn second_names_are_read_as_two_versions_tell_them() {
        let record = Field::read(&json!({"type": "record", "shorthand_fields": [
            {"redis_host": {"deprecation": {"replaced_with": [{"path": ["redis", "host"]}]}}},
            {"redis_port": {"translate_backwards": ["redis", "port"]}},
            {"cookie_lifetime": {"type": "number"}},
        ]}));
        let aliases: Vec<(&str, &str)> = record
            .aliases
            .iter()
            .map(|(name, path)| (name.as_str(), path.as_str()))
            .collect();
        assert_eq!(
            aliases,
            [("redis_host", "redis.host"), ("redis_port", "redis.port")]
        );
    }

    #[test]
    fn what_is_no_description_says_nothing() {
        for nothing in [json!(null), json!([]), json!({"fields": {}}), json!("x")] {
            assert_eq!(Field::read(&nothing), Field::default());
        }
    }
}
