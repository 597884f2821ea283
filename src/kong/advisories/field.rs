//! Fields of entities, by paths such as `config.llm_providers[*].limit`.

use serde_json::{Map, Value};

/// A field with where it is: `paths[1]`, and its value there.
pub(super) type Located<'a> = (String, &'a Value);

/// What stands at a path; of a list with `[*]` each of its items. A field that is not there is absent, and so is one that is null.
pub(super) fn located<'a>(entity: &'a Map<String, Value>, path: &str) -> Vec<Located<'a>> {
    let mut found: Vec<Located<'a>> = Vec::new();
    let mut steps = path.split('.');
    let Some(first) = steps.next() else {
        return found;
    };
    let (key, each) = key(first);
    if let Some(value) = entity.get(key) {
        found = step(String::from(key), value, each);
    }
    for text in steps {
        let (key, each) = self::key(text);
        let inner = found.into_iter().filter_map(|(path, value)| {
            let value = value.as_object()?.get(key)?;
            Some(step(format!("{path}.{key}"), value, each))
        });
        found = inner.flatten().collect();
    }
    found.retain(|(_, value)| !value.is_null());
    found
}

/// A step's key, and whether each item of the list there is meant.
fn key(step: &str) -> (&str, bool) {
    step.strip_suffix("[*]")
        .map_or((step, false), |key| (key, true))
}

fn step(path: String, value: &Value, each: bool) -> Vec<Located<'_>> {
    match value {
        Value::Array(items) if each => items
            .iter()
            .enumerate()
            .map(|(index, item)| (format!("{path}[{index}]"), item))
            .collect(),
        _ if each => Vec::new(),
        value => vec![(path, value)],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::located;

    #[test]
    fn lists_maps_and_what_is_not_there() {
        let entity = json!({
            "name": "one", "none": null, "paths": ["/a", "/b"],
            "config": { "nodes": [{ "type": "x" }, {}, { "type": null }, { "type": "y" }] },
        });
        let Value::Object(entity) = entity else {
            unreachable!("it is one");
        };
        let told = |path: &str| {
            let found = located(&entity, path).into_iter();
            let told = found.map(|(path, value)| format!("{path}={value}"));
            told.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("name"), "name=\"one\"");
        assert_eq!(told("none"), "");
        assert_eq!(told("paths"), "paths=[\"/a\",\"/b\"]");
        assert_eq!(told("paths[*]"), "paths[0]=\"/a\" paths[1]=\"/b\"");
        assert_eq!(told("name[*]"), "");
        assert_eq!(told("name.first"), "");
        assert_eq!(
            told("config.nodes[*].type"),
            "config.nodes[0].type=\"x\" config.nodes[3].type=\"y\""
        );
    }
}
