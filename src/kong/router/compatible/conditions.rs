//! What a route asks of a request, beyond its path.

use super::super::asked::{Asked, Scheme};
use super::super::expression::{Dialect, Engine};
use super::super::hosts::Shape;
use super::super::not_judged::Why;
use super::super::route::{Route, without_last_dot};
use super::super::view::View;
use crate::kong::Version;

/// What a route asks of a request, beyond its path.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) hosts: Vec<Host>,
    methods: Vec<String>,
    headers: Vec<(String, Vec<Value>)>,
    snis: Vec<String>,
    has_wildcards_in_snis: bool,
}

/// A host of a route.
#[derive(Debug)]
pub(super) struct Host {
    /// All of it.
    pub(super) name: String,
    text: String,
    port: Option<u32>,
}

/// The host of a request.
#[derive(Debug)]
pub(super) struct HostOf<'a> {
    /// What stands before the port.
    pub(super) name: &'a str,
    /// The port that was sent, or else the one at which the connection came in, if the router knows it.
    port: Option<u32>,
}

/// What a header's value is compared with.
#[derive(Debug)]
enum Value {
    Equal(String),
    Expression(Engine),
}

impl Conditions {
    pub(super) fn of(route: &Route, version: Version) -> Result<Self, Why> {
        let mut headers = Vec::new();
        for (name, values) in route.headers() {
            let values: Result<Vec<Value>, Why> = values.iter().map(|one| Value::of(one)).collect();
            headers.push((name.to_lowercase().replace('-', "_"), values?));
        }
        Ok(Self {
            hosts: route.hosts().iter().map(|host| Host::of(host)).collect(),
            methods: route.methods().to_vec(),
            headers,
            snis: route.snis().to_vec(),
            has_wildcards_in_snis: version.is_at_least(3, 7),
        })
    }

    /// Whether a request fits all but the path.
    pub(super) fn fit(&self, view: &View<'_>, host: &HostOf<'_>) -> bool {
        let asked = view.asked;
        (self.methods.is_empty() || self.methods.contains(&asked.method))
            && (self.hosts.is_empty() || self.hosts.iter().any(|one| one.fits(host)))
            && (self.snis.is_empty() || asked.scheme == Scheme::Http || self.has_sni(view))
            && self.headers.iter().all(|(name, values)| {
                let mut sent = asked.values(name).into_iter().flatten();
                sent.any(|sent| {
                    let sent = sent.to_lowercase();
                    values.iter().any(|value| value.fits(&sent))
                })
            })
    }

    fn has_sni(&self, view: &View<'_>) -> bool {
        let Some(sent) = view.asked.sni.as_deref() else {
            return false;
        };
        self.snis.iter().any(|sni| {
            let wild = Some(sni).filter(|_| self.has_wildcards_in_snis);
            if let Some(end) = wild.and_then(|sni| sni.strip_prefix('*')) {
                return sent.ends_with(without_last_dot(end));
            }
            match wild.and_then(|sni| sni.strip_suffix('*')) {
                Some(beginning) => sent.starts_with(beginning),
                None => sent == without_last_dot(sni),
            }
        })
    }
}

impl Host {
    fn of(name: &str) -> Self {
        let (text, port) = split(name);
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            port,
        }
    }

    pub(super) fn shape(&self) -> Shape<'_> {
        if let Some(end) = self.text.strip_prefix('*') {
            return Shape::End(end);
        }
        let beginning = self.text.strip_suffix('*');
        beginning.map_or(Shape::Whole(&self.text), Shape::Beginning)
    }

    fn fits(&self, host: &HostOf<'_>) -> bool {
        let fits = match self.shape() {
            Shape::Whole(text) => host.name == text,
            Shape::Beginning(text) => host.name.starts_with(text),
            Shape::End(text) => host.name.ends_with(text),
        };
        // Of a request without a host nothing is compared.
        fits && !host.name.is_empty() && (self.port.is_none() || self.port == host.port)
    }
}

impl<'a> HostOf<'a> {
    pub(super) fn of(asked: &'a Asked, knows_port: bool) -> Self {
        let (name, port) = split(&asked.host);
        let own = asked.port.unwrap_or(asked.scheme.port());
        Self {
            name,
            port: port.or(knows_port.then(|| own.into())),
        }
    }
}

impl Value {
    /// The expression is written in small letters too, as what is sent: `\D` becomes `\d`.
    fn of(text: &str) -> Result<Self, Why> {
        let Some(expression) = text.strip_prefix("~*") else {
            return Ok(Self::Equal(text.to_ascii_lowercase()));
        };
        let lower = expression.to_ascii_lowercase();
        let engine = Engine::of_header(&lower, Dialect::Characters);
        engine.map(Self::Expression).map_err(|why| Why::NotBuilt {
            expression: expression.to_owned(),
            why,
        })
    }

    fn fits(&self, sent: &str) -> bool {
        match self {
            Self::Equal(text) => text == sent,
            Self::Expression(engine) => engine.is_in(sent),
        }
    }
}

/// A host and its port, at the first colon: a form in brackets is left together.
fn split(name: &str) -> (&str, Option<u32>) {
    match name.split_once(':') {
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (name, None),
        },
        None => (name, None),
    }
}
