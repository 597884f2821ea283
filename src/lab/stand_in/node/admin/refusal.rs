//! What the Admin API says when it does not do something: statuses, names and codes as Kong's.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::answers::UNEXPECTED;
use super::super::schema::{Object, Violations};
use super::super::store::StoreError;

/// An answer that refuses.
#[derive(Debug)]
pub(in super::super) struct Refusal {
    pub(super) status: StatusCode,
    pub(in super::super) body: Value,
}

impl Refusal {
    /// A refusal that is only a message.
    pub(super) fn message(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            body: json!({ "message": message }),
        }
    }

    /// There is no such path or entity.
    pub(super) fn not_found() -> Self {
        Self::message(StatusCode::NOT_FOUND, "Not found")
    }

    /// The path is there, the method is not.
    pub(super) fn method() -> Self {
        Self::message(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
    }

    /// A named error with its code.
    pub(super) fn named(status: StatusCode, name: &str, code: u8, message: &str) -> Self {
        Self {
            status,
            body: json!({"message": message, "name": name, "code": code}),
        }
    }

    /// What the store refused for the entity `shown`, which lives in `table`.
    pub(super) fn of_store(error: StoreError, shown: &Object, table: &str) -> Self {
        let shown_value = |field: &str| shown.get(field).cloned().unwrap_or_default();
        let told = error.to_string();
        match error {
            StoreError::Unique { field } => {
                // The column `cache_key` stands for all that makes up the key.
                let names: Vec<&str> = match (field.as_str(), table) {
                    ("cache_key", "plugins") => vec!["consumer", "name", "route", "service"],
                    ("cache_key", "acls") => vec!["consumer", "group"],
                    ("cache_key", "targets") => vec!["target", "upstream"],
                    (field, _) => vec![field],
                };
                let pairs: Vec<String> = names
                    .iter()
                    .map(|name| format!("{name}={}", lua(&shown_value(name))))
                    .collect();
                let fields: Object = names
                    .iter()
                    .map(|name| ((*name).to_owned(), shown_value(name)))
                    .collect();
                Self {
                    status: StatusCode::CONFLICT,
                    body: json!({
                        "message": format!("UNIQUE violation detected on '{{{}}}'", pairs.join(",")),
                        "name": "unique constraint violation",
                        "fields": fields,
                        "code": 5,
                    }),
                }
            }
            StoreError::Primary => {
                let id = shown_value("id");
                Self {
                    status: StatusCode::CONFLICT,
                    body: json!({
                        "message": format!("primary key violation on key '{{id={}}}'", lua(&id)),
                        "name": "primary key violation",
                        "fields": {"id": id},
                        "code": 3,
                    }),
                }
            }
            StoreError::Foreign { field } => {
                let value = shown_value(&field);
                Self {
                    status: StatusCode::BAD_REQUEST,
                    body: json!({
                        "message": format!("the foreign key '{}' does not reference an existing '{field}s' entity.", lua(&value)),
                        "name": "foreign key violation",
                        "fields": {field: value},
                        "code": 4,
                    }),
                }
            }
            StoreError::Referenced { by } => Self {
                status: StatusCode::BAD_REQUEST,
                body: json!({
                    "message": format!("an existing '{by}' entity references this '{table}' entity"),
                    "name": "foreign key violation",
                    "fields": {"@referenced_by": by},
                    "code": 4,
                }),
            },
            StoreError::Unsupported { .. } => Self::named(
                StatusCode::METHOD_NOT_ALLOWED,
                "operation unsupported",
                12,
                &told,
            ),
            StoreError::Database(error) => {
                tracing::error!("{error}");
                Self::message(StatusCode::INTERNAL_SERVER_ERROR, UNEXPECTED)
            }
        }
    }
}

/// A value as Kong's messages show it: `{id="…"}`.
fn lua(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name}={}", lua(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        value => value.to_string(),
    }
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: violations.body(),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::of_store(error, &Object::new(), "")
    }
}
