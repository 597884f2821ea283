//! What a route asks of a request, beyond its path.

use super::super::expression::{Dialect, Engine};
use super::super::not_judged::Why;
use super::super::route::{Route, without_last_dot};
use super::super::view::View;
use super::host::Host;

/// Kinds of conditions, as bits: a category with a greater sum is tried earlier among those with as many kinds.
pub(super) type Kinds = u8;

pub(super) const HOST: Kinds = 0x40;
pub(super) const HEADER: Kinds = 0x20;
pub(super) const PATH: Kinds = 0x10;
pub(super) const METHOD: Kinds = 0x08;
pub(super) const SNI: Kinds = 0x04;

/// What a route asks of a request, beyond its path.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) hosts: Vec<Host>,
    pub(super) headers: Vec<Header>,
    pub(super) methods: Vec<String>,
    pub(super) snis: Vec<String>,
}

/// A header that a route asks for.
#[derive(Debug)]
pub(super) struct Header {
    /// Its name, in small letters.
    pub(super) name: String,
    /// Values of which one must be there, in small letters.
    values: Vec<String>,
    /// An expression that a value may match instead.
    expression: Option<Engine>,
}

impl Conditions {
    pub(super) fn of(route: &Route) -> Result<Self, Why> {
        let mut headers = Vec::new();
        for (name, values) in route.headers() {
            headers.push(Header::of(name, values)?);
        }
        let mut methods: Vec<String> = route
            .methods()
            .iter()
            .map(|one| one.to_uppercase())
            .collect();
        let mut snis: Vec<String> = Vec::new();
        snis.extend(
            route
                .snis()
                .iter()
                .map(|sni| without_last_dot(sni).to_owned()),
        );
        for names in [&mut methods, &mut snis] {
            names.sort();
            names.dedup();
        }
        Ok(Self {
            hosts: route.hosts().iter().map(|host| Host::of(host)).collect(),
            headers,
            methods,
            snis,
        })
    }

    /// The kinds of conditions that there are, but for the path.
    pub(super) fn kinds(&self) -> Kinds {
        let kind = |is_there: bool, kind: Kinds| if is_there { kind } else { 0 };
        kind(!self.hosts.is_empty(), HOST)
            | kind(!self.headers.is_empty(), HEADER)
            | kind(!self.methods.is_empty(), METHOD)
            | kind(!self.snis.is_empty(), SNI)
    }
}

impl Header {
    fn of(name: &str, values: &[String]) -> Result<Self, Why> {
        // Only where it is the only value, an expression is one.
        let only = values.first().filter(|_| values.len() == 1);
        let expression = only.and_then(|value| value.strip_prefix("~*"));
        let engine = expression
            .map(|text| Engine::of_header(text, Dialect::Pcre))
            .transpose();
        Ok(Self {
            name: name.to_ascii_lowercase(),
            values: values
                .iter()
                .map(|value| value.to_ascii_lowercase())
                .collect(),
            expression: engine.map_err(|why| Why::NotPcre {
                expression: expression.unwrap_or_default().to_owned(),
                why,
            })?,
        })
    }

    /// Whether a request has it.
    pub(super) fn fits(&self, view: &View<'_>) -> bool {
        let mut sent = view.asked.values(&self.name).into_iter().flatten();
        sent.any(|value| {
            let value = value.to_ascii_lowercase();
            let expression = self.expression.as_ref();
            self.values.contains(&value) || expression.is_some_and(|one| one.is_in(&value))
        })
    }
}
