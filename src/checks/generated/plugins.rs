//! What a gateway's plugins must show in the answers of a route.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::access::{self, Access};
use super::passing::Caller;
use super::route::{Request, Route};
use super::{Entity, Generated, GeneratedCheck, LeftOut};
use crate::checks::CheckDescription;
use crate::gateway::{Expectation, HttpRequest, OneOrMore, Predicate, Text, Wanted};

/// Plugins that ask who it is, and refuse with 401 who does not say.
const REFUSING: [&str; 6] = [
    "key-auth",
    "basic-auth",
    "jwt",
    "hmac-auth",
    "oauth2",
    "ldap-auth",
];

/// The same, with answers that depend on more than what is configured.
const ASKING: [&str; 5] = [
    "openid-connect",
    "mtls-auth",
    "saml",
    "session",
    "key-auth-enc",
];

/// Plugins by which a request may be refused that has the right credentials.
pub(super) const DECIDING: [&str; 5] = [
    "acl",
    "ip-restriction",
    "bot-detection",
    "opa",
    "request-validator",
];

/// The keys of so many consumers are sent to a route.
const MOST_KEYS: usize = 5;

/// An enabled plugin.
pub(super) struct Plugin<'a> {
    entity: &'a Entity,
    pub(super) id: &'a str,
    pub(super) name: &'a str,
}

/// The enabled plugins of a gateway.
pub(super) struct Plugins<'a>(Vec<Plugin<'a>>);

impl<'a> Plugins<'a> {
    pub(super) fn of(entities: &'a [Entity]) -> Self {
        let text = |entity: &'a Entity, field: &str| {
            entity
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let enabled = entities
            .iter()
            .filter(|entity| entity.get("enabled") != Some(&Value::Bool(false)));
        Self(
            enabled
                .map(|entity| Plugin {
                    entity,
                    id: text(entity, "id"),
                    name: text(entity, "name"),
                })
                .collect(),
        )
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The plugin of a name that runs for a request to `route` by `consumer`: the one that is bound most narrowly.
    pub(super) fn effective(
        &self,
        name: &str,
        route: &Route<'_>,
        consumer: Option<&str>,
    ) -> Option<&Plugin<'a>> {
        let bound = |plugin: &Plugin<'_>, to: &str| {
            let id = plugin.entity.get(to).and_then(|owner| owner.get("id"));
            id.and_then(Value::as_str).map(str::to_owned)
        };
        let weight = |plugin: &Plugin<'_>| {
            let mut weight = 0;
            for (to, id, counts) in [
                ("consumer", consumer, 4),
                ("route", Some(route.id()), 2),
                ("service", route.service(), 1),
            ] {
                match bound(plugin, to) {
                    None => {}
                    Some(owner) if Some(owner.as_str()) == id => weight += counts,
                    Some(_) => return None,
                }
            }
            Some(weight)
        };
        let named = self.0.iter().filter(|plugin| plugin.name == name);
        let weighed = named.filter_map(|plugin| Some((weight(plugin)?, plugin)));
        weighed
            .max_by_key(|(weight, _)| *weight)
            .map(|(_, plugin)| plugin)
    }

    /// Adds the checks of a route.
    pub(super) fn checks(
        &self,
        route: &Route<'_>,
        request: &Request,
        access: &Access<'_>,
        made: &mut Generated,
    ) {
        let name = format!("{}{}", route.name(), request.label);
        let refusing = self.refusing(route);
        let asking = self.asking(route);
        for method in request.safe_methods() {
            let title = |state: &str| format!("route {name}: {method}{state}");
            let plain = request.with(method);
            if let Some(plugin) = refusing {
                made.add(
                    route,
                    title(" without credentials"),
                    plain.clone(),
                    refused(),
                    [plugin.id],
                );
            }
            match (refusing, asking) {
                (None, None) => {
                    let (expect, judged) = self.passing(route, Caller::Nobody);
                    made.add(route, title(""), plain, expect, judged);
                }
                (Some(plugin), None) | (None, Some(plugin))
                    if access.named(plugin.name).next().is_some() =>
                {
                    for (place, credential) in access.named(plugin.name).enumerate() {
                        let (expect, mut judged) = self.passing(route, Caller::Somebody);
                        judged.insert(plugin.id);
                        let number = if place == 0 { String::new() } else { format!(" {}", place + 1) };
                        let state = format!(" with credentials of {}{number}", plugin.name);
                        let let_in = access::with(credential, plain.clone());
                        made.add(route, title(&state), let_in, expect, judged);
                    }
                }
                (Some(plugin), None) if plugin.name == "key-auth" => {
                    if access.key_holders.is_empty() {
                        made.left(title(" with a key"), "no consumer has one");
                    }
                    // Who asks changes nothing about where a path leads.
                    let keys = if request.label.is_empty() { MOST_KEYS } else { 1 };
                    for (place, consumer) in access.key_holders.iter().take(keys).enumerate() {
                        let (expect, mut judged) = self.passing(route, Caller::Consumer(consumer));
                        judged.insert(plugin.id);
                        let with_key = plugin.with_key(plain.clone(), consumer);
                        let state = match place {
                            0 => " with a key".to_owned(),
                            _ => format!(" with the key of consumer {consumer}"),
                        };
                        made.add(route, title(&state), with_key, expect, judged);
                    }
                }
                (Some(plugin), _) | (None, Some(plugin)) => made.left(
                    format!("{} with credentials of `{}`", title(""), plugin.name),
                    "they cannot be read from the gateway: name some under `[[credentials]]` of the environment file",
                ),
            }
        }
        for method in request.other_methods() {
            match refusing {
                // Refused before anything behind the gateway hears of it.
                Some(plugin) => {
                    let title = format!("route {name}: {method} without credentials");
                    made.add(route, title, request.with(method), refused(), [plugin.id]);
                }
                None => made.left(
                    format!("route {name}: {method}"),
                    "it may change something behind the gateway: write the check yourself",
                ),
            }
        }
        if request.label.is_empty() {
            self.cross_origin(route, request, made);
            self.sizes(route, request, access, made);
            self.further(route, request, access, made);
        }
    }

    /// The plugin that refuses who says not who it is.
    pub(super) fn refusing(&self, route: &Route<'_>) -> Option<&Plugin<'a>> {
        let plugin = self.first_of(&REFUSING, route)?;
        let anonymous = plugin.config("anonymous");
        (!anonymous.is_string() || anonymous == "").then_some(plugin)
    }

    /// The plugin that asks who it is, with an answer of its own.
    pub(super) fn asking(&self, route: &Route<'_>) -> Option<&Plugin<'a>> {
        self.first_of(&ASKING, route)
    }

    fn first_of(&self, names: &[&str], route: &Route<'_>) -> Option<&Plugin<'a>> {
        let mut names = names.iter();
        names.find_map(|name| self.effective(name, route, None))
    }

    /// Whether one of the name runs for some consumers alone.
    pub(super) fn is_bound_to_consumers(&self, name: &str) -> bool {
        let mut named = self.0.iter().filter(|plugin| plugin.name == name);
        named.any(|plugin| plugin.entity.get("consumer").is_some_and(Value::is_object))
    }

    /// The plugins whose effect no check expects.
    pub(super) fn unjudged(&self, made: &Generated) -> Vec<(String, String)> {
        let judged: BTreeSet<&String> = made
            .checks
            .iter()
            .flat_map(|check| &check.plugins)
            .collect();
        let left = self
            .0
            .iter()
            .filter(|plugin| !judged.contains(&plugin.id.to_owned()));
        left.map(|plugin| {
            let what = format!("plugin `{}` ({})", plugin.name, plugin.id);
            (
                what,
                "what it must show is not known from its configuration, or no check reaches it"
                    .to_owned(),
            )
        })
        .collect()
    }
}

impl Plugin<'_> {
    pub(super) fn config(&self, key: &str) -> &Value {
        let config = self.entity.get("config");
        config
            .and_then(|config| config.get(key))
            .unwrap_or(&Value::Null)
    }

    /// A request with the key of a consumer.
    pub(super) fn with_key(&self, mut request: HttpRequest, consumer: &str) -> HttpRequest {
        let name = self
            .config("key_names")
            .get(0)
            .and_then(Value::as_str)
            .unwrap_or("apikey");
        let key = OneOrMore::One(Text::Key {
            key_of_consumer: consumer.to_owned(),
        });
        if self.config("key_in_header") == &Value::Bool(false) {
            request.query.insert(name.to_owned(), key);
        } else {
            request.headers.insert(name.to_owned(), key);
        }
        request
    }
}

pub(super) fn present() -> Wanted {
    Wanted::Predicate(Predicate {
        present: Some(true),
        ..Predicate::default()
    })
}

/// That it is routed at all, where no more is known.
pub(super) fn routed() -> Expectation {
    Expectation {
        body: Some(Wanted::Predicate(Predicate {
            is_not: Some(json!(r#"{"message":"no Route matched with those values"}"#)),
            ..Predicate::default()
        })),
        ..Expectation::default()
    }
}

fn refused() -> Expectation {
    Expectation::status(401)
}

impl Generated {
    pub(super) fn add<'b>(
        &mut self,
        route: &Route<'_>,
        title: String,
        request: HttpRequest,
        expect: Expectation,
        plugins: impl IntoIterator<Item = &'b str>,
    ) {
        self.checks.push(GeneratedCheck {
            check: CheckDescription {
                name: Some(title),
                request,
                expect,
                retries: 0,
            },
            route: route.id().to_owned(),
            plugins: plugins.into_iter().map(str::to_owned).collect(),
        });
    }

    pub(super) fn left(&mut self, what: String, why: &str) {
        self.left_out.push(LeftOut {
            what,
            why: why.to_owned(),
        });
    }
}
