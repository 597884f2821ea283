//! The plugin `request-transformer`: what the upstream gets in place of what the client has sent.
//!
//! Headers, arguments, the path and the method. Bodies stay as they are, and templates are not filled in: the Admin API refuses both.

use hyper::header::{HOST, HeaderName};
use hyper::{HeaderMap, Method};
use serde_json::Value;

use super::super::answers;
use super::Exchange;
use super::pairs::pairs;
use super::plugins::Plugin;
use super::query::Query;
use crate::lab::http::Answer;

impl Exchange {
    /// Changes the request; a path that is none breaks the plugin, as it does Kong's.
    pub(super) fn transform_request(&mut self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        if let Some(path) = config["replace"]["uri"].as_str() {
            if !path.starts_with('/') {
                return Some(self.error(500, answers::UNEXPECTED));
            }
            self.path_for_upstream = Some(path.to_owned());
        }
        if let Some(method) = config["http_method"].as_str() {
            self.head.method = method.parse().unwrap_or(Method::GET);
        }
        if let Some((_, Some(host))) = pairs(config, "replace", "headers").find(is_host) {
            self.host_for_upstream = Some(answers::value(host));
        }
        transform_headers(config, &mut self.head.headers);
        let parts = ["remove", "rename", "replace", "add", "append"];
        if parts
            .iter()
            .any(|part| pairs(config, part, "querystring").next().is_some())
        {
            // Up to 3.7 an argument that was not there was renamed as well, over one that was.
            let renames_nothing = !self.node.version.is_at_least(3, 8);
            let mut query = Query::of(&self.head.uri);
            transform_query(config, &mut query, renames_nothing);
            query.write(&mut self.head.uri);
        }
        None
    }
}

fn is_host((name, _): &(&str, Option<&str>)) -> bool {
    name.eq_ignore_ascii_case("host")
}

/// In Kong's order. The Host header is none of theirs.
fn transform_headers(config: &Value, headers: &mut HeaderMap) {
    let named = |action| {
        pairs(config, action, "headers").filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            (name != HOST).then_some((name, value))
        })
    };
    for (name, _) in named("remove") {
        headers.remove(name);
    }
    for (name, wanted) in named("rename") {
        let wanted = wanted.and_then(|wanted| wanted.parse::<HeaderName>().ok());
        let values: Vec<_> = headers.get_all(&name).iter().cloned().collect();
        if let Some(wanted) = wanted
            && wanted != name
            && !values.is_empty()
        {
            headers.remove(name);
            headers.remove(&wanted);
            for value in values {
                headers.append(&wanted, value);
            }
        }
    }
    for (name, value) in named("replace") {
        if let Some(value) = value
            && headers.contains_key(&name)
        {
            headers.insert(name, answers::value(value));
        }
    }
    for (name, value) in named("add") {
        if let Some(value) = value
            && !headers.contains_key(&name)
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

fn transform_query(config: &Value, query: &mut Query, renames_nothing: bool) {
    let named = |action| pairs(config, action, "querystring");
    for (name, _) in named("remove") {
        query.remove(name);
    }
    for (name, wanted) in named("rename") {
        match wanted {
            Some(wanted) if query.has(name) => query.rename(name, wanted),
            Some(wanted) if renames_nothing => query.remove(wanted),
            _ => {}
        }
    }
    for (name, value) in named("replace") {
        match value {
            Some(value) => query.replace(name, value),
            None => query.remove(name),
        }
    }
    for (name, value) in named("add") {
        if let Some(value) = value
            && !query.has(name)
        {
            query.append(name, value);
        }
    }
    for (name, value) in named("append") {
        if let Some(value) = value {
            query.append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_are_removed_renamed_replaced_added_and_appended() {
        let config = json!({
            "remove": {"headers": ["x-a"]},
            "rename": {"headers": ["x-b:x-c", "x-nope:x-d"]},
            "replace": {"headers": ["x-d:2", "x-nope:2", "host:h"]},
            // What was removed may be added again, other than in an answer.
            "add": {"headers": ["x-a:3", "x-d:3"]},
            "append": {"headers": ["x-d:4"]},
        });
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "g"), ("x-a", "1"), ("x-b", "1"), ("x-d", "1")] {
            headers.insert(name, answers::value(value));
        }
        transform_headers(&config, &mut headers);
        let mut found: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().expect("text")))
            .collect();
        found.sort();
        assert_eq!(found, ["host=g", "x-a=3", "x-c=1", "x-d=2", "x-d=4"]);
    }

    #[test]
    fn an_argument_that_is_not_there_takes_another_one_along_up_to_3_7() {
        let config = json!({"rename": {"querystring": ["nope:y"]}});
        for (renames_nothing, left) in [(true, false), (false, true)] {
            let mut query = Query::of(&"/?x=1&y=2".parse().expect("an address"));
            transform_query(&config, &mut query, renames_nothing);
            assert_eq!(query.has("y"), left);
        }
    }
}
