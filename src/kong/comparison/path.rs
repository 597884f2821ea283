//! Fields of entities by paths such as `config.redis.host`: looking, taking and putting.

use serde_json::{Map, Value};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// What stands at a path, be it null.
pub(super) fn get<'a>(fields: &'a Object, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((first, rest)) => get(fields.get(first)?.as_object()?, rest),
        None => fields.get(path),
    }
}

/// Takes away what stands at a path.
pub(super) fn take(fields: &mut Object, path: &str) -> Option<Value> {
    match path.split_once('.') {
        Some((first, rest)) => take(fields.get_mut(first)?.as_object_mut()?, rest),
        None => fields.remove(path),
    }
}

/// Puts a value at a path, with records on the way where there are none.
pub(super) fn put(fields: &mut Object, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        fields.insert(path.to_owned(), value);
        return;
    };
    let inner = fields.entry(first).or_insert(Value::Null);
    if !inner.is_object() {
        *inner = Value::Object(Object::new());
    }
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Whether `path` is `other` or a part of it.
pub(super) fn is_within(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            _ => unreachable!("it is one"),
        }
    }

    #[test]
    fn a_value_is_moved_into_a_record_that_is_not_there_yet() {
        let mut fields = object(json!({"config": {"redis_host": "a", "redis": null}}));
        let value = take(&mut fields, "config.redis_host").expect("it is there");
        put(&mut fields, "config.redis.host", value);
        assert_eq!(
            Value::Object(fields.clone()),
            json!({"config": {"redis": {"host": "a"}}})
        );
        assert_eq!(get(&fields, "config.redis.host"), Some(&json!("a")));
        for absent in ["config.redis.port", "config.redis.host.name", "name"] {
            assert_eq!(get(&fields, absent), None);
            assert_eq!(take(&mut fields, absent), None);
        }
    }

    #[test]
    fn a_part_of_a_field_is_within_it() {
        for (path, other, within) in [
            ("config.redis", "config.redis", true),
            ("config.redis.host", "config.redis", true),
            ("paths[0]", "paths", true),
            ("config.redis_host", "config.redis", false),
            ("config", "config.redis", false),
        ] {
            assert_eq!(is_within(path, other), within, "{path} in {other}");
        }
    }
}
