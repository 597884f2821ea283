//! The request that a route is reached by.

use serde_json::Value;

use super::Entity;
use super::example::example;
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

/// What a route is asked with, before its methods and credentials.
pub(super) struct Request {
    request: HttpRequest,
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

    /// The request; why there is none otherwise.
    pub(super) fn request(&self) -> Result<Request, String> {
        if !self.texts("sources").is_empty() || !self.texts("destinations").is_empty() {
            return Err("it asks for addresses of clients".to_owned());
        }
        if self.entity.get("expression").is_some_and(Value::is_string) {
            return Err("it is written as an expression of the router".to_owned());
        }
        let path = match self.texts("paths")[..] {
            [] => "/".to_owned(),
            ref paths => paths
                .iter()
                .find_map(|path| self.path(path))
                .ok_or("no path is known that its expressions match")?,
        };
        let hosts = self.texts("hosts");
        let host = hosts.first().map(|host| {
            let host = host
                .strip_prefix("*.")
                .map_or((*host).to_owned(), |rest| format!("cutover.{rest}"));
            host.strip_suffix(".*")
                .map_or(host.clone(), |rest| format!("{rest}.example"))
        });
        let protocols = self.texts("protocols");
        let snis = self.texts("snis");
        let encrypted = !protocols.is_empty() && !protocols.contains(&"http") || !snis.is_empty();
        let url = if encrypted {
            let name = snis
                .first()
                .map(|name| (*name).to_owned())
                .or_else(|| host.clone());
            let name =
                name.ok_or("it is reached by https, and no name says by which certificate")?;
            format!("https://{name}{path}")
        } else {
            path
        };
        let mut request = HttpRequest::get(url);
        if let Some(host) = host {
            request.headers.insert("host".to_owned(), host.into());
        }
        let headers = self.entity.get("headers").and_then(Value::as_object);
        for (name, values) in headers.into_iter().flatten() {
            let value = values.get(0).and_then(Value::as_str);
            let value =
                value.ok_or_else(|| format!("no value is known for its header `{name}`"))?;
            let value = match value.strip_prefix("~*") {
                Some(expression) => example(expression)
                    .ok_or_else(|| format!("no value is known that `{expression}` matches"))?,
                None => value.to_owned(),
            };
            request.headers.insert(name.clone(), value.into());
        }
        Ok(Request {
            request,
            methods: self
                .texts("methods")
                .iter()
                .map(|method| (*method).to_owned())
                .collect(),
        })
    }

    /// A path that a path of the route takes.
    fn path(&self, path: &str) -> Option<String> {
        let marked = path.strip_prefix('~');
        let is_expression = if self.is_marked {
            marked.is_some()
        } else {
            StoredPath::of(path).is_expression()
        };
        if !is_expression {
            return Some(path.to_owned());
        }
        let made = example(marked.unwrap_or(path))?;
        let made = if made.starts_with('/') {
            made
        } else {
            format!("/{made}")
        };
        // A path is sent encoded, and one that is taken apart otherwise on the way proves nothing.
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(c);
        made.chars().all(plain).then_some(made)
    }
}

impl Request {
    /// The request with a method.
    pub(super) fn with(&self, method: &str) -> HttpRequest {
        HttpRequest {
            method: method.to_owned(),
            ..self.request.clone()
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

    /// Whether the route takes a method.
    pub(super) fn takes(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|one| one == method)
    }
}
