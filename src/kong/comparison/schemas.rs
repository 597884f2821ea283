//! The schemas of the new gateway, and what may be shown of the values that they describe.

use std::collections::BTreeMap;

use serde_json::Value;

use super::field::Field;

/// The kinds whose `config` is described by a schema of its own, which the entity's `name` chooses: `/schemas/KIND/NAME`.
pub const WITH_SUBSCHEMAS: [&str; 2] = ["plugins", "vaults"];

/// What the schemas of one gateway say. A kind without a schema is compared all the same, but nothing in it is known to be filled in
/// by the version, and its texts are sealed.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    entities: BTreeMap<String, Field>,
    subschemas: BTreeMap<(String, String), Field>,
}

/// An answer that is no schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the schema of `{of}` has no list of `fields`: read it from `/schemas/{of}` of the new gateway's Admin API again"
)]
pub struct SchemaError {
    /// What it should describe, as in the address: `routes`, `plugins/acl`.
    pub of: String,
}

impl Schemas {
    /// Adds what `/schemas/KIND` answered.
    pub fn add(&mut self, kind: &str, schema: &Value) -> Result<(), SchemaError> {
        self.entities.insert(kind.to_owned(), read(kind, schema)?);
        Ok(())
    }

    /// Adds what `/schemas/KIND/NAME` answered.
    pub fn add_named(&mut self, kind: &str, name: &str, schema: &Value) -> Result<(), SchemaError> {
        let field = read(&format!("{kind}/{name}"), schema)?;
        let key = (kind.to_owned(), name.to_owned());
        self.subschemas.insert(key, field);
        Ok(())
    }

    /// The fields of an entity of a kind that is called `name`, as one record.
    pub(super) fn of(&self, kind: &str, name: &str) -> Field {
        let mut record = self.entities.get(kind).cloned().unwrap_or_default();
        if WITH_SUBSCHEMAS.contains(&kind) {
            // What the kind says of `config` is that something else describes it.
            record.fields.remove("config");
            let key = (kind.to_owned(), name.to_owned());
            if let Some(own) = self.subschemas.get(&key) {
                record.fields.extend(own.fields.clone());
            }
        }
        record
    }
}

fn read(of: &str, schema: &Value) -> Result<Field, SchemaError> {
    if schema["fields"].is_array() {
        Ok(Field::read(schema))
    } else {
        Err(SchemaError { of: of.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plugin_is_described_by_its_kind_and_by_its_name() {
        let mut schemas = Schemas::default();
        let kind =
            json!({"fields": [{"name": {}}, {"config": {"abstract": true, "type": "record"}}]});
        schemas.add("plugins", &kind).expect("a schema");
        let acl = json!({"fields": [{"config": {"type": "record", "fields": [{"allow": {}}]}}]});
        schemas.add_named("plugins", "acl", &acl).expect("a schema");
        let fields = |name: &str| {
            let record = schemas.of("plugins", name);
            record.fields.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(fields("acl"), ["config", "name"]);
        assert_eq!(fields("ours"), ["name"]);
    }

    #[test]
    fn an_answer_that_is_no_schema_is_refused() {
        let refused = json!({"message": "No plugin named 'ours'"});
        let error = Schemas::default().add_named("plugins", "ours", &refused);
        assert_eq!(
            error.expect_err("no schema").to_string(),
            "the schema of `plugins/ours` has no list of `fields`: read it from `/schemas/plugins/ours` of the new gateway's Admin \
             API again"
        );
    }
}
