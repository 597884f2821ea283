//! Checking what a client sends against the fields of an entity, in Kong's words.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Field, Kind, Object};

/// What is wrong, by field; nested for records.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) struct Violations(pub(in super::super) BTreeMap<String, Value>);

impl Violations {
    /// One violation.
    pub(in super::super) fn of(field: &str, problem: Value) -> Self {
        Self(BTreeMap::from([(field.to_owned(), problem)]))
    }

    /// The body of Kong's answer.
    pub(in super::super) fn body(&self) -> Value {
        let mut problems = Vec::new();
        for (field, problem) in &self.0 {
            describe(field, problem, &mut problems);
        }
        let message = match problems.as_slice() {
            [problem] => format!("schema violation ({problem})"),
            _ => format!(
                "{} schema violations ({})",
                problems.len(),
                problems.join("; ")
            ),
        };
        json!({"message": message, "name": "schema violation", "fields": self.0, "code": 2})
    }
}

fn describe(path: &str, problem: &Value, into: &mut Vec<String>) {
    match problem {
        // What is wrong with the whole is told without its key.
        Value::Array(problems) => {
            into.extend(problems.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Value::Object(fields) => {
            for (field, problem) in fields {
                describe(&format!("{path}.{field}"), problem, into);
            }
        }
        Value::String(problem) => into.push(format!("{path}: {problem}")),
        _ => {}
    }
}

/// `given` with the defaults of `fields` filled in and texts of forms turned into what the fields hold.
pub(in super::super) fn complete(fields: &[Field], given: &Object) -> Result<Object, Violations> {
    let mut violations = Violations::default();
    let mut whole = Object::new();
    for (name, value) in given {
        if matches!(name.as_str(), "id" | "created_at") {
            whole.insert(name.clone(), value.clone());
        } else if !fields.iter().any(|field| field.name == *name) {
            violations.0.insert(name.clone(), json!("unknown field"));
        }
    }
    for field in fields {
        let value = given.get(&field.name).filter(|value| !value.is_null());
        let outcome = match value {
            Some(value) => check(field, value),
            None if field.required => Err("required field missing".to_owned()),
            None => Ok(field.default.clone()),
        };
        match outcome {
            Ok(value) => {
                whole.insert(field.name.clone(), value);
            }
            Err(problem) => {
                violations.0.insert(field.name.clone(), json!(problem));
            }
        }
    }
    if violations.0.is_empty() {
        Ok(whole)
    } else {
        Err(violations)
    }
}

fn check(field: &Field, value: &Value) -> Result<Value, String> {
    let value = converted(field.kind, value);
    let (fits, wanted) = match field.kind {
        Kind::String => (value.is_string(), "a string"),
        Kind::Integer => (value.is_i64() || value.is_u64(), "an integer"),
        Kind::Number | Kind::Timestamp | Kind::Instant | Kind::Lifetime => {
            (value.is_number(), "a number")
        }
        Kind::Boolean => (value.is_boolean(), "a boolean"),
        Kind::Set => (
            value
                .as_array()
                .is_some_and(|values| values.iter().all(Value::is_string)),
            "a set",
        ),
        Kind::List => (value.is_array(), "an array"),
        Kind::Record => (value.is_object(), "a record"),
        Kind::Reference => (value["id"].is_string(), "a record"),
    };
    if !fits {
        return Err(format!("expected {wanted}"));
    }
    if let Some((least, most)) = field.between
        && value
            .as_i64()
            .is_some_and(|value| value < least || value > most)
    {
        return Err(format!("value should be between {least} and {most}"));
    }
    if let Some(text) = value.as_str()
        && !field.one_of.is_empty()
        && !field.one_of.iter().any(|allowed| allowed == text)
    {
        return Err(format!("expected one of: {}", field.one_of.join(", ")));
    }
    Ok(match field.kind {
        Kind::Record => filled(&field.default, value),
        _ => value,
    })
}

/// A form sends nothing but text, and a lone value for a list of one.
fn converted(kind: Kind, value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    let number = || serde_json::from_str(text).ok().filter(Value::is_number);
    match kind {
        Kind::Integer | Kind::Number | Kind::Lifetime => number(),
        Kind::Boolean => text.parse().ok().map(Value::Bool),
        Kind::Set => Some(json!([text])),
        _ => None,
    }
    .unwrap_or_else(|| value.clone())
}

/// `value` with what `default` has and it has not, at every depth.
pub(in super::super) fn filled(default: &Value, value: Value) -> Value {
    match (default, value) {
        (Value::Object(default), Value::Object(mut value)) => {
            for (name, default) in default {
                let given = value.remove(name).filter(|given| !given.is_null());
                let given = given.map_or_else(|| default.clone(), |given| filled(default, given));
                value.insert(name.clone(), given);
            }
            Value::Object(value)
        }
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Schema;
    use super::*;
    use crate::kong::Version;

    fn service(given: &Value) -> Result<Object, Violations> {
        let schema = Schema::of(&Version::new(3, 9, 1));
        complete(
            &schema.known("services").fields,
            given.as_object().expect("an object"),
        )
    }

    #[test]
    fn defaults_are_filled_in() {
        let service = service(&json!({"host": "h", "port": "81"})).expect("valid");
        assert_eq!(service["port"], 81);
        assert_eq!(service["retries"], 5);
    }

    #[test]
    fn violations_are_told_as_kong_tells_them() {
        let violations = service(&json!({"port": "x", "nope": 1})).expect_err("invalid");
        assert_eq!(
            violations.body()["message"],
            "3 schema violations (host: required field missing; nope: unknown field; port: expected an integer)"
        );
    }
}
