//! Whether two values say the same, as Kong means them.
//!
//! Null is what is absent, 1 is 1.0, an empty list may stand for an empty object (Lua does not tell them apart), and the order of a set
//! says nothing.

use serde_json::{Number, Value};

use super::field::{Field, Type};
use super::path::Object;

/// Whether two values of a field say the same.
pub(super) fn equal(blue: &Value, green: &Value, field: Option<&Field>) -> bool {
    match (blue, green) {
        (Value::Number(blue), Value::Number(green)) => is_same_number(blue, green),
        (Value::Array(blue), Value::Array(green)) => {
            let item = item(field);
            if holds(field) == Type::Set {
                is_same_set(blue, green, item)
            } else {
                let mut pairs = blue.iter().zip(green);
                blue.len() == green.len() && pairs.all(|(blue, green)| equal(blue, green, item))
            }
        }
        (Value::Object(blue), Value::Object(green)) => {
            let mut names = blue.keys().chain(green.keys());
            names.all(|name| {
                let (blue, green) = (value(blue, name), value(green, name));
                equal(blue, green, member(field, name))
            })
        }
        (Value::Array(list), Value::Object(members))
        | (Value::Object(members), Value::Array(list)) => list.is_empty() && members.is_empty(),
        (Value::Null, other) | (other, Value::Null) => says_nothing(other, field),
        (blue, green) => blue == green,
    }
}

/// A member of an object; null if it has none.
fn value<'a>(object: &'a Object, name: &str) -> &'a Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// The description of a member of an object.
pub(super) fn member<'a>(field: Option<&'a Field>, name: &str) -> Option<&'a Field> {
    field?.fields.get(name).or_else(|| item(field))
}

/// The description of a list's items or a map's values.
pub(super) fn item(field: Option<&Field>) -> Option<&Field> {
    field?.item.as_deref()
}

/// What a field holds.
pub(super) fn holds(field: Option<&Field>) -> Type {
    field.map(|field| field.holds).unwrap_or_default()
}

/// Whether a value says as little as null: a record of nothing does.
fn says_nothing(value: &Value, field: Option<&Field>) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) if holds(field) == Type::Record => members
            .iter()
            .all(|(name, value)| says_nothing(value, member(field, name))),
        _ => false,
    }
}

fn is_same_number(blue: &Number, green: &Number) -> bool {
    // Whole numbers first: as fractions, large ones would be told apart less well.
    blue == green || ((blue.is_f64() || green.is_f64()) && blue.as_f64() == green.as_f64())
}

fn is_same_set(blue: &[Value], green: &[Value], item: Option<&Field>) -> bool {
    let mut left: Vec<&Value> = green.iter().collect();
    let all_found = blue.iter().all(|value| {
        let found = left.iter().position(|other| equal(value, other, item));
        found.map(|place| left.swap_remove(place)).is_some()
    });
    all_found && left.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_compared_as_kong_means_them() {
        let nothing = json!({});
        let set = json!({"type": "set", "elements": {"type": "string"}});
        let record = json!({"type": "record", "fields": [{"of": set}, {"a": {}}]});
        for (blue, green, schema, same) in [
            (json!(1), json!(1.0), &nothing, true),
            (json!(0.1), json!(0.10), &nothing, true),
            (json!(1), json!(1.5), &nothing, false),
            (json!(u64::MAX), json!(u64::MAX - 1), &nothing, false),
            (json!(1), json!("1"), &nothing, false),
            (json!(["a", "b"]), json!(["b", "a"]), &nothing, false),
            (json!(["a", "b"]), json!(["b", "a"]), &set, true),
            (json!(["a", "a"]), json!(["a", "b"]), &set, false),
            (json!(["a"]), json!(["a", "a"]), &set, false),
            (json!([]), json!({}), &nothing, true),
            (json!([1]), json!({}), &nothing, false),
            (json!([]), json!({"a": 1}), &nothing, false),
            (json!([]), json!(null), &nothing, false),
            (json!({"a": null}), json!({}), &nothing, true),
            (json!({"a": null}), json!(null), &record, true),
            (json!({"a": null}), json!(null), &nothing, false),
            (
                json!({"of": ["x", "y"]}),
                json!({"of": ["y", "x"]}),
                &record,
                true,
            ),
            (json!({"a": false}), json!({}), &record, false),
        ] {
            let field = Field::read(schema);
            let (one, other) = (
                equal(&blue, &green, Some(&field)),
                equal(&green, &blue, Some(&field)),
            );
            assert_eq!((one, other), (same, same), "{blue} and {green}");
        }
    }
}
