//! What holds of every comparison.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::super::path::is_within;
use super::cases::cases;
use super::{Comparison, What, compare, of, schemas, version};

/// A value that no schema fills in, and nobody writes.
const CHANGED: &str = "changed by the test";

/// The paths of all leaves of a value, with how to get there.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                leaves(value, &below(name), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}[{index}]"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// `value` with another leaf at `path`.
fn changed(value: &Value, path: &str, here: &str) -> Value {
    if path == here {
        return CHANGED.into();
    }
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let below = match here {
                    "" => name.clone(),
                    here => format!("{here}.{name}"),
                };
                (name.clone(), changed(value, path, &below))
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| changed(value, path, &format!("{here}[{index}]")))
            .collect(),
        leaf => leaf.clone(),
    }
}

/// Whether a change at `path` was reported: there, or as a change of a list that it is in.
fn tells_of(comparison: &Comparison, path: &str) -> bool {
    comparison.differences.iter().any(|difference| {
        let What::Field { path: told, .. } = &difference.what else {
            return false;
        };
        is_within(path, told)
    })
}

fn is_compared(path: &str) -> bool {
    !["id", "created_at", "updated_at", "ttl"].contains(&path)
}

#[test]
fn a_change_of_any_field_of_any_case_is_reported_with_its_path() {
    let mut changes = 0;
    for case in cases().iter().filter(|case| case.is_same()) {
        let green = case.green();
        let mut paths = Vec::new();
        leaves(&green, "", &mut paths);
        for path in paths.iter().filter(|path| is_compared(path)) {
            let found = case.compared(changed(&green, path, ""));
            assert!(tells_of(&found, path), "{}: {path} in {found:?}", case.name);
            changes += 1;
        }
    }
    assert!(changes > 100, "{changes} changes");
}

/// Entities of any shape, in names that are and are not known.
fn entity() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9).prop_map(Value::from),
        "[a-z/~.\\[\\]]{0,6}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("config".to_owned()),
        Just("redis".to_owned()),
        Just("redis_host".to_owned()),
        Just("paths".to_owned()),
        Just("key".to_owned()),
        "[a-z_]{1,5}",
    ];
    let value = leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..5).prop_map(|members| {
                Value::Object(members.into_iter().collect::<Map<String, Value>>())
            }),
        ]
    });
    (
        prop::sample::select(vec!["rate-limiting", "acl", "ours"]),
        value.clone(),
        value.clone(),
        value,
    )
        .prop_map(|(name, config, paths, tags)| {
            serde_json::json!({"id": "e", "name": name, "config": config, "paths": paths, "tags": tags})
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_entity_is_like_itself(entity in entity(), kind in prop::sample::select(vec!["plugins", "routes", "ours"])) {
        let (one, other) = (of(kind, [entity.clone()]), of(kind, [entity]));
        let same = version("3.9.1");
        let found = compare(&one, &other, &schemas(), &same, &same);
        prop_assert_eq!(&found.differences, &[]);
        prop_assert_eq!(&found.expected, &[]);
        prop_assert_eq!(found.compared[kind], 1);
    }

    #[test]
    fn a_change_of_any_leaf_is_reported_with_its_path(
        entity in entity(),
        kind in prop::sample::select(vec!["plugins", "routes", "ours"]),
        which in any::<prop::sample::Index>(),
    ) {
        let mut paths = Vec::new();
        leaves(&entity, "", &mut paths);
        paths.retain(|path| is_compared(path));
        let path = which.get(&paths);
        let (one, other) = (of(kind, [entity.clone()]), of(kind, [changed(&entity, path, "")]));
        let same = version("3.9.1");
        let found = compare(&one, &other, &schemas(), &same, &same);
        prop_assert!(tells_of(&found, path), "{} in {:?}", path, found);
    }
}
