//! The plugin `response-transformer`: what the client gets in place of an answer's headers, also where Kong answers itself.
//!
//! Bodies stay as they are: the Admin API refuses what would change them.

use hyper::HeaderMap;
use hyper::header::HeaderName;
use serde_json::Value;

use super::super::answers;
use super::pairs::pairs;

/// Changes an answer's headers in Kong's order. What is there is told by what there was in the beginning, so that what one list
/// removes another one does not add again.
pub(super) fn transform(config: &Value, headers: &mut HeaderMap) {
    let before = headers.clone();
    let named = |action| {
        pairs(config, action, "headers")
            .filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, value)))
    };
    for (name, _) in named("remove") {
        headers.remove(name);
    }
    for (name, wanted) in named("rename") {
        let wanted = wanted.and_then(|wanted| wanted.parse::<HeaderName>().ok());
        let Some(wanted) = wanted.filter(|_| before.contains_key(&name)) else {
            continue;
        };
        headers.remove(&wanted);
        for value in before.get_all(&name) {
            headers.append(&wanted, value.clone());
        }
        headers.remove(name);
    }
    for (name, value) in named("replace") {
        if let Some(value) = value
            && before.contains_key(&name)
        {
            headers.insert(name, answers::value(value));
        }
    }
    for (name, value) in named("add") {
        if let Some(value) = value
            && !before.contains_key(&name)
        {
            headers.insert(name, answers::value(value));
        }
    }
    for (name, value) in named("append") {
        if let Some(value) = value {
            headers.append(name, answers::value(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_removed_is_not_added_again() {
        let config = json!({
            "remove": {"headers": ["x-a"]},
            "rename": {"headers": ["x-b:x-c"]},
            "replace": {"headers": ["x-d:2", "x-nope:2"]},
            "add": {"headers": ["x-a:3", "x-e:3"]},
            "append": {"headers": ["x-d:4"]},
        });
        let mut headers = HeaderMap::new();
        for name in ["x-a", "x-b", "x-d"] {
            headers.insert(name, answers::value("1"));
        }
        transform(&config, &mut headers);
        let mut found: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().expect("text")))
            .collect();
        found.sort();
        assert_eq!(found, ["x-c=1", "x-d=2", "x-d=4", "x-e=3"]);
    }
}
