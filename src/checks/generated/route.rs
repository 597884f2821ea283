//! The request that a route is reached by.

use serde_json::Value;

use super::Entity;
use super::example::{example, other_example};
use crate::environment::is_safe_method;
use crate::gateway::HttpRequest;
use crate::kong::Version;
use crate::kong::routes::StoredPath;

/// A route, with its service's id.
pub(super) struct Route<'a> {
    entity: &'a Entity,
    /// Whether paths bear a mark where they are expressions, as since 3.0.
    is_marked: bool,
    has_service: bool,
}

/// Of more hosts or paths of one route no requests are made.
const MOST: usize = 4;

/// What a route is asked with, before its methods and credentials.
pub(super) struct Request {
    plain: HttpRequest,
    /// What tells it from the route's other requests; nothing for the first.
    pub(super) label: String,
    /// The methods that it takes; any where there are none.
    methods: Vec<String>,
}

impl<'a> Route<'a> {
    pub(super) fn of(entity: &'a Entity, services: &[Entity], version: &Version) -> Self {
        let service = entity.get("service").and_then(|service| service.get("id"));
        let known = |one: &Entity| one.get("id") == service;
        Self {
            entity,
            is_marked: version.is_at_least(3, 0),
            has_service: service.is_some() && services.iter().any(known),
        }
    }

    pub(super) fn id(&self) -> &'a str {
        self.text("id")
    }

    /// Its name; its id where it has none.
    pub(super) fn name(&self) -> &'a str {
        let name = self.text("name");
        if name.is_empty() { self.id() } else { name }
    }

    /// Its service's id.
    pub(super) fn service(&self) -> Option<&'a str> {
        self.entity.get("service")?.get("id")?.as_str()
    }

    /// Whether requests go on to a service.
    pub(super) fn has_service(&self) -> bool {
        self.has_service
    }

    /// Whether the gateway has a body whole before it passes it on.
    pub(super) fn buffers_requests(&self) -> bool {
        self.entity.get("request_buffering") != Some(&Value::Bool(false))
    }

    pub(super) fn speaks_http(&self) -> bool {
        let protocols = self.texts("protocols");
        protocols.is_empty() || protocols.iter().any(|one| matches!(*one, "http" | "https"))
    }

    fn text(&self, field: &str) -> &'a str {
        self.entity
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn texts(&self, field: &str) -> Vec<&'a str> {
        let list = self.entity.get(field).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// Requests whose answers say more about the route, of which nobody can say what they must be: a slash behind its paths, another text
    /// that its expressions match, methods that it does not take.
    pub(super) fn further(&self, request: &Request) -> Vec<HttpRequest> {
        let mut further = Vec::new();
        for path in self.texts("paths").into_iter().take(MOST) {
            let other = match self.expression(path) {
                Some(expression) => other_example(expression).and_then(sendable),
                None if path.ends_with('/') => Some(path.trim_end_matches('/').to_owned()),
                None => Some(format!("{path}/")),
            };
            let url = other.filter(|other| !other.is_empty() && request.plain.url.starts_with('/'));
            further.extend(url.map(|url| HttpRequest {
                url,
                ..request.plain.clone()
            }));
        }
        let refused = ["GET", "HEAD", "OPTIONS"]
            .into_iter()
            .filter(|method| !request.takes(method));
        further.extend(refused.map(|method| request.with(method)));
        further
    }

    /// A path of the route without its mark, if it is an expression.
    fn expression<'p>(&self, path: &'p str) -> Option<&'p str> {
        let marked = path.strip_prefix('~');
        if self.is_marked {
            return marked;
        }
        StoredPath::of(path)
            .is_expression()
            .then_some(marked.unwrap_or(path))
    }

    /// The requests: one for each of its hosts and paths, and one below each path that is a beginning, which tells how it goes on. Why
    /// there is none otherwise.
    pub(super) fn requests(&self) -> Result<Vec<Request>, String> {
        if !self.texts("sources").is_empty() || !self.texts("destinations").is_empty() {
            return Err("it asks for addresses of clients".to_owned());
        }
        if self.entity.get("expression").is_some_and(Value::is_string) {
            return Err("it is written as an expression of the router".to_owned());
        }
        let headers = self.headers()?;
        let mut requests = Vec::new();
        for host in self.hosts() {
            for path in self.paths()? {
                let mut request = HttpRequest::get(self.url(host.as_deref(), &path)?);
                if let Some(host) = &host {
                    request
                        .headers
                        .insert("host".to_owned(), host.as_str().into());
                }
                let more = headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str().into()));
                request.headers.extend(more);
                let label = match (requests.is_empty(), &host) {
                    (true, _) => String::new(),
                    (false, None) => format!(" at {path}"),
                    (false, Some(host)) => format!(" at {host}{path}"),
                };
                requests.push(Request {
                    plain: request,
                    label,
                    methods: self
                        .texts("methods")
                        .iter()
                        .map(|method| (*method).to_owned())
                        .collect(),
                });
            }
        }
        Ok(requests)
    }

    /// Hosts that it takes; none where it takes any.
    fn hosts(&self) -> Vec<Option<String>> {
        let hosts = self.texts("hosts");
        if hosts.is_empty() {
            return vec![None];
        }
        let host = |host: &&str| {
            let begun = host
                .strip_prefix("*.")
                .map_or((*host).to_owned(), |rest| format!("cutover.{rest}"));
            let whole = begun
                .strip_suffix(".*")
                .map_or(begun.clone(), |rest| format!("{rest}.example"));
            Some(whole)
        };
        hosts.iter().take(MOST).map(host).collect()
    }

    fn paths(&self) -> Result<Vec<String>, String> {
        let paths = self.texts("paths");
        if paths.is_empty() {
            return Ok(vec!["/".to_owned()]);
        }
        let mut found = Vec::new();
        for path in paths.iter().take(MOST) {
            let Some(made) = self.path(path) else {
                continue;
            };
            let below = format!("{}/cutover", made.trim_end_matches('/'));
            let is_beginning = made == *path;
            found.push(made);
            found.extend(is_beginning.then_some(below));
        }
        if found.is_empty() {
            return Err("no path is known that its expressions match".to_owned());
        }
        Ok(found)
    }

    fn url(&self, host: Option<&str>, path: &str) -> Result<String, String> {
        let protocols = self.texts("protocols");
        let snis = self.texts("snis");
        let in_the_clear = protocols.is_empty() || protocols.contains(&"http");
        if in_the_clear && snis.is_empty() {
            return Ok(path.to_owned());
        }
        let name = snis.first().copied().or(host);
        let name = name.ok_or("it is reached by https, and no name says by which certificate")?;
        Ok(format!("https://{name}{path}"))
    }

    fn headers(&self) -> Result<Vec<(String, String)>, String> {
        let headers = self.entity.get("headers").and_then(Value::as_object);
        let one = |(name, values): (&String, &Value)| {
            let value = values.get(0).and_then(Value::as_str);
            let value =
                value.ok_or_else(|| format!("no value is known for its header `{name}`"))?;
            let value = match value.strip_prefix("~*") {
                Some(expression) => example(expression)
                    .ok_or_else(|| format!("no value is known that `{expression}` matches"))?,
                None => value.to_owned(),
            };
            Ok((name.clone(), value))
        };
        headers.into_iter().flatten().map(one).collect()
    }

    /// A path that a path of the route takes.
    fn path(&self, path: &str) -> Option<String> {
        match self.expression(path) {
            None => Some(path.to_owned()),
            Some(expression) => sendable(example(expression)?),
        }
    }
}

/// A path that was made up, if it arrives as it is: it is sent encoded, and one that is taken apart otherwise on the way proves nothing.
fn sendable(made: String) -> Option<String> {
    let made = if made.starts_with('/') {
        made
    } else {
        format!("/{made}")
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(c);
    made.chars().all(plain).then_some(made)
}

impl Request {
    /// The request with a method.
    pub(super) fn with(&self, method: &str) -> HttpRequest {
        HttpRequest {
            method: method.to_owned(),
            ..self.plain.clone()
        }
    }

    /// The methods that only ask, of those that the route takes; `GET` where it takes any.
    pub(super) fn safe_methods(&self) -> Vec<&str> {
        if self.methods.is_empty() {
            return vec!["GET"];
        }
        let all = self.methods.iter().map(String::as_str);
        all.filter(|method| is_safe_method(method)).collect()
    }

    /// The methods that may change something.
    pub(super) fn other_methods(&self) -> Vec<&str> {
        let all = self.methods.iter().map(String::as_str);
        all.filter(|method| !is_safe_method(method)).collect()
    }

    /// A method that the route takes, one with a body where there is one.
    pub(super) fn method_with_body(&self) -> &str {
        let with_body = ["POST", "PUT", "PATCH"].into_iter();
        let mut with_body = with_body.filter(|method| self.takes(method));
        let first = || self.methods.first().map_or("POST", String::as_str);
        with_body.next().unwrap_or_else(first)
    }

    /// Whether the route takes a method.
    pub(super) fn takes(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|one| one == method)
    }
}
