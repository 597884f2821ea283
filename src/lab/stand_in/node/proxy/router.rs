//! Which route a request takes: hosts, methods, headers and paths, in Kong's order of precedence.
//!
//! Pure. A path is a regular expression by its characters in 2.x and by a leading `~` in 3.x, which is why 3.0 rewrites them.

use std::cmp::Reverse;
use std::sync::Arc;

use hyper::HeaderMap;
use regex::Regex;
use serde_json::Value;

use super::super::schema::Object;
use crate::kong::Version;

/// Where requests of a route go.
#[derive(Debug, Clone)]
pub(in super::super) struct Service {
    pub(super) id: String,
    pub(in super::super) name: String,
    pub(super) host: String,
    pub(super) port: u64,
    pub(super) path: String,
    pub(super) read_timeout_ms: u64,
}

/// A route with what it needs.
#[derive(Debug)]
pub(in super::super) struct Route {
    pub(super) id: String,
    pub(in super::super) name: String,
    pub(in super::super) service: Option<Service>,
    pub(super) strip_path: bool,
    pub(super) preserve_host: bool,
    /// Whether the service's path is joined as `path_handling` v1 does, which only 2.x heeds.
    pub(super) is_v1: bool,
    methods: Vec<String>,
    hosts: Vec<String>,
    headers: Vec<(String, Vec<String>)>,
}

/// The routes in the order in which they are tried, one entry for each path.
#[derive(Debug, Default)]
pub(in super::super) struct Router {
    entries: Vec<(Arc<Route>, Option<Path>)>,
}

#[derive(Debug)]
enum Path {
    Prefix(String),
    Pattern(Regex),
}

impl Router {
    /// A router over entities of the Admin API. Paths that do not compile are passed over with a warning.
    pub(in super::super) fn new(version: &Version, routes: &[Object], services: &[Object]) -> Self {
        let mut entries = Vec::new();
        for shown in routes {
            let wanted = shown["service"]["id"].as_str();
            let service = services
                .iter()
                .find(|service| service["id"].as_str() == wanted);
            // A disabled service takes its routes with it.
            if service.is_some_and(|service| service["enabled"] == false) {
                continue;
            }
            let route = Arc::new(Route::new(version, shown, service.map(Service::new)));
            let created = shown["created_at"].as_i64().unwrap_or_default();
            let priority = shown["regex_priority"].as_i64().unwrap_or_default();
            let paths = texts(&shown["paths"]);
            if paths.is_empty() {
                let order = (route.attributes(false), 0, 0, 0, Reverse(created));
                entries.push((order, Arc::clone(&route), None));
            }
            for text in paths {
                let Some(path) = Path::new(version, &text) else {
                    continue;
                };
                let (pattern, priority) = match path {
                    Path::Pattern(_) => (1, priority),
                    Path::Prefix(_) => (0, 0),
                };
                let order = (
                    route.attributes(true),
                    pattern,
                    priority,
                    text.len(),
                    Reverse(created),
                );
                entries.push((order, Arc::clone(&route), Some(path)));
            }
        }
        entries.sort_by_key(|(order, _, _)| Reverse(*order));
        Self {
            entries: entries
                .into_iter()
                .map(|(_, route, path)| (route, path))
                .collect(),
        }
    }

    /// The route for a request, and how much of its path the route's path matched, where it has one.
    pub(super) fn find(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<(Arc<Route>, Option<usize>)> {
        let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
        self.entries.iter().find_map(|(route, rule)| {
            let matched = match rule {
                None => None,
                Some(rule) => Some(rule.matched(path)?),
            };
            let fits = (route.methods.is_empty()
                || route.methods.iter().any(|wanted| wanted == method))
                && (route.hosts.is_empty()
                    || route.hosts.iter().any(|wanted| is_host(wanted, host)))
                && route.headers.iter().all(|(name, wanted)| {
                    headers
                        .get(name)
                        .and_then(|value| value.to_str().ok())
                        .is_some_and(|value| wanted.iter().any(|one| one == value))
                });
            fits.then(|| (Arc::clone(route), matched))
        })
    }
}

impl Path {
    fn new(version: &Version, text: &str) -> Option<Self> {
        let pattern = match text.strip_prefix('~') {
            Some(pattern) => Some(pattern),
            None if version.major < 3 && !text.chars().all(is_plain) => Some(text),
            None => None,
        };
        let Some(pattern) = pattern else {
            return Some(Self::Prefix(text.to_owned()));
        };
        match Regex::new(&format!("^(?:{pattern})")) {
            Ok(pattern) => Some(Self::Pattern(pattern)),
            Err(error) => {
                tracing::warn!("the path `{text}` is passed over: {error}");
                None
            }
        }
    }

    fn matched(&self, path: &str) -> Option<usize> {
        match self {
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()).then_some(prefix.len()),
            Self::Pattern(pattern) => pattern.find(path).map(|found| found.end()),
        }
    }
}

impl Route {
    fn new(version: &Version, shown: &Object, service: Option<Service>) -> Self {
        let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        let headers = shown["headers"].as_object();
        Self {
            id: text("id"),
            name: text("name"),
            service,
            strip_path: shown["strip_path"] != false,
            preserve_host: shown["preserve_host"] == true,
            is_v1: shown["path_handling"] == "v1" && version.major < 3,
            methods: texts(&shown["methods"]),
            hosts: texts(&shown["hosts"]),
            headers: headers
                .into_iter()
                .flatten()
                .map(|(name, values)| (name.clone(), texts(values)))
                .collect(),
        }
    }

    /// How specific the route is: how many kinds of condition it has, then plain hosts before wildcards.
    fn attributes(&self, has_path: bool) -> (usize, bool) {
        let kinds = [
            !self.methods.is_empty(),
            !self.hosts.is_empty(),
            !self.headers.is_empty(),
            has_path,
        ];
        let plain = self.hosts.iter().any(|host| !host.contains('*'));
        (kinds.iter().filter(|kind| **kind).count(), plain)
    }
}

impl Service {
    fn new(shown: &Object) -> Self {
        let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            name: text("name"),
            host: text("host"),
            port: shown["port"].as_u64().unwrap_or(80),
            path: text("path"),
            read_timeout_ms: shown["read_timeout"].as_u64().unwrap_or(60_000),
        }
    }
}

/// The characters that leave a path of 2.x a prefix.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "._~/%-".contains(character)
}

fn is_host(wanted: &str, host: &str) -> bool {
    match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
        (Some(end), _) => host.len() > end.len() && host.ends_with(end),
        (None, Some(start)) => host.len() > start.len() && host.starts_with(start),
        (None, None) => wanted.eq_ignore_ascii_case(host),
    }
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn route(name: &str, conditions: &Value) -> Object {
        let mut route = json!({"id": name, "name": name, "service": null, "paths": null, "methods": null, "hosts": null,
            "headers": null, "strip_path": true, "preserve_host": false, "path_handling": "v0", "regex_priority": 0, "created_at": 1});
        for (key, value) in conditions.as_object().expect("an object") {
            route[key] = value.clone();
        }
        route.as_object().expect("an object").clone()
    }

    fn found(version: &Version, routes: &[Object], host: &str, path: &str) -> Option<String> {
        let (found, _) =
            Router::new(version, routes, &[]).find("GET", host, path, &HeaderMap::new())?;
        Some(found.name.clone())
    }

    #[test]
    fn a_pattern_is_known_by_its_characters_before_3_0_and_by_its_mark_since() {
        let routes = [route("items", &json!({"paths": ["/items/\\d+$"]}))];
        let marked = [route("items", &json!({"paths": ["~/items/\\d+$"]}))];
        let (older, newer) = (Version::new(2, 8, 5), Version::new(3, 4, 2));
        assert!(found(&older, &routes, "h", "/items/7").is_some());
        assert!(found(&newer, &routes, "h", "/items/7").is_none());
        assert!(found(&newer, &marked, "h", "/items/7").is_some());
        // What lets 2.8.5 stand beside 3.x on one database after `up`.
        assert!(found(&older, &marked, "h", "/items/7").is_some());
        assert!(found(&newer, &marked, "h", "/items/x").is_none());
    }

    #[test]
    fn more_conditions_then_patterns_then_longer_paths_win() {
        let routes = [
            route("short", &json!({"paths": ["/a"]})),
            route("long", &json!({"paths": ["/a/b"]})),
            route("pattern", &json!({"paths": ["~/a/b/[0-9]+"]})),
            route(
                "host",
                &json!({"paths": ["/a"], "hosts": ["*.example.test"]}),
            ),
        ];
        let find = |host, path| found(&Version::new(3, 9, 1), &routes, host, path);
        assert_eq!(find("x", "/a/c").as_deref(), Some("short"));
        assert_eq!(find("x", "/a/b").as_deref(), Some("long"));
        assert_eq!(find("x", "/a/b/1").as_deref(), Some("pattern"));
        assert_eq!(find("w.example.test:80", "/a/b/1").as_deref(), Some("host"));
    }
}
