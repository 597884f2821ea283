//! Routes and requests by chance, and when one fits the other: what `routing_by_rule` plays to the routers and to their rules.
//!
//! Routes have what decides the order, and no more: expressions that all engines understand alike, one of them to a route, hosts
//! without ports, and times that differ.

use std::collections::BTreeMap;

use cutover::kong::router::{Asked, Scheme};
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Map, Value, json};

/// A route, written with all its fields.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) number: usize,
    pub(super) hosts: Vec<&'static str>,
    pub(super) paths: Vec<&'static str>,
    pub(super) methods: Vec<&'static str>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) snis: Vec<&'static str>,
    pub(super) priority: u32,
    pub(super) age: usize,
}

const HOSTS: [&str; 7] = [
    "a.com", "b.com", "x.a.com", "*.a.com", "*.com", "a.*", "x.*",
];
const PREFIXES: [&str; 8] = ["/", "/a", "/a/b", "/ab", "/b/", "/a.b", "/a/b/c", "/c"];
const EXPRESSIONS: [&str; 8] = [
    "~/a.b",
    "~/[ab]+",
    "~/a/[^/]+$",
    "~/.*",
    "~/(a|b)/c?",
    "~/ab?$",
    "~/a\\.b",
    "~/c",
];
const ASKED_PATHS: [&str; 12] = [
    "/", "/a", "/a/b", "/a/b/c", "/ab", "/abc", "/b/c", "/a.b/x", "/axb", "/c", "/b", "/d",
];
const ASKED_HOSTS: [&str; 6] = ["a.com", "b.com", "x.a.com", "x.y.com", "a.org", "q.net"];

impl Rule {
    pub(super) fn fields(&self) -> Map<String, Value> {
        let mut route = json!({
            "id": self.id(),
            "name": format!("r{}", self.number),
            "created_at": self.age,
            "regex_priority": self.priority,
            "strip_path": false,
        });
        for (field, values) in [
            ("hosts", &self.hosts),
            ("paths", &self.paths),
            ("methods", &self.methods),
            ("snis", &self.snis),
        ] {
            if !values.is_empty() {
                route[field] = json!(values);
            }
        }
        let headers: BTreeMap<&str, [&str; 1]> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, [*value]))
            .collect();
        if !headers.is_empty() {
            route["headers"] = json!(headers);
        }
        route.as_object().expect("fields").clone()
    }

    pub(super) fn id(&self) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.number)
    }

    /// Its conditions, each kind as a bit: hosts, headers, paths, methods, names.
    pub(super) fn kinds(&self) -> u32 {
        let there = [
            !self.hosts.is_empty(),
            !self.headers.is_empty(),
            !self.paths.is_empty(),
            !self.methods.is_empty(),
            !self.snis.is_empty(),
        ];
        there
            .iter()
            .fold(0, |bits, is_there| bits << 1 | u32::from(*is_there))
    }

    pub(super) fn is_plain(&self) -> bool {
        !self.hosts.is_empty() && self.hosts.iter().all(|host| !host.contains('*'))
    }

    /// One for each path.
    pub(super) fn apart(&self) -> Vec<Self> {
        let with = |path: &&'static str| Self {
            paths: vec![*path],
            ..self.clone()
        };
        match self.paths.len() {
            0 | 1 => vec![self.clone()],
            _ => self.paths.iter().map(with).collect(),
        }
    }

    pub(super) fn path(&self) -> Option<&'static str> {
        self.paths.first().copied()
    }

    pub(super) fn has_expression(&self) -> bool {
        self.path().is_some_and(|path| path.starts_with('~'))
    }

    /// Beyond the path.
    pub(super) fn fits(&self, asked: &Asked, empty_wildcards: bool) -> bool {
        let host = |pattern: &&str| host_fits(pattern, &asked.host, empty_wildcards);
        let header = |(name, value): &(&str, &str)| {
            let sent = asked.headers.get(*name);
            sent.is_some_and(|sent| sent.iter().any(|sent| sent == value))
        };
        let sni = asked.sni.as_deref().unwrap_or_default();
        (self.hosts.is_empty() || self.hosts.iter().any(host))
            && (self.methods.is_empty() || self.methods.contains(&&*asked.method))
            && self.headers.iter().all(header)
            && (self.snis.is_empty() || asked.scheme == Scheme::Http || self.snis.contains(&sni))
    }
}

pub(super) fn host_fits(pattern: &str, host: &str, empty_wildcards: bool) -> bool {
    let Some((before, behind)) = pattern.split_once('*') else {
        return pattern == host;
    };
    let least = pattern.len() - usize::from(empty_wildcards);
    host.len() >= least && host.starts_with(before) && host.ends_with(behind)
}

pub(super) fn path_fits(path: &str, asked: &str) -> bool {
    match path.strip_prefix('~') {
        Some(expression) => Regex::new(&format!("^(?:{expression})"))
            .expect("an expression")
            .is_match(asked),
        None => asked.starts_with(path),
    }
}

pub(super) fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let some =
        |all: &'static [&'static str], most: usize| proptest::sample::subsequence(all, 0..=most);
    let headers =
        proptest::sample::subsequence(vec![("x-a", "1"), ("x-b", "1"), ("x-c", "2")], 0..=2);
    let expression = proptest::option::weighted(0.4, proptest::sample::select(&EXPRESSIONS[..]));
    let rule = (
        some(&HOSTS, 2),
        (some(&PREFIXES, 2), expression),
        some(&["GET", "POST"], 1),
        proptest::option::weighted(0.4, headers),
        proptest::option::weighted(0.2, some(&["a.com", "b.com"], 1)),
        0..4_u32,
    );
    let rule = rule.prop_map(
        |(hosts, (mut paths, expression), methods, headers, snis, priority)| {
            // Prefixes of the same length would be one part of a route.
            paths.sort_by_key(|path| path.len());
            paths.dedup_by_key(|path| path.len());
            paths.extend(expression);
            Rule {
                number: 0,
                hosts,
                paths,
                methods,
                headers: headers.unwrap_or_default(),
                snis: snis.unwrap_or_default(),
                priority,
                age: 0,
            }
        },
    );
    let rules = proptest::collection::vec(rule, 1..12);
    rules.prop_flat_map(|rules| {
        let ages: Vec<usize> = (0..rules.len()).collect();
        (Just(rules), Just(ages).prop_shuffle()).prop_map(|(rules, ages)| {
            let numbered = rules.into_iter().zip(ages).enumerate();
            let rules = numbered.map(|(number, (rule, age))| Rule {
                number,
                age,
                ..rule
            });
            rules.filter(|rule| rule.kinds() != 0).collect()
        })
    })
}

pub(super) fn requests() -> impl Strategy<Value = Vec<Asked>> {
    let header = |name: &'static str| {
        let value = proptest::option::weighted(0.5, proptest::sample::select(vec!["1", "2"]));
        value.prop_map(move |value| value.map(|value| (name.to_owned(), vec![value.to_owned()])))
    };
    let request = (
        proptest::sample::select(vec!["GET", "POST", "PUT"]),
        any::<bool>(),
        proptest::sample::select(&ASKED_HOSTS[..]),
        proptest::sample::select(&ASKED_PATHS[..]),
        (header("x-a"), header("x-b"), header("x-c")),
        proptest::option::of(proptest::sample::select(vec!["a.com", "b.com", "c.com"])),
    );
    let request = request.prop_map(|(method, is_encrypted, host, path, (a, b, c), sni)| Asked {
        method: method.to_owned(),
        scheme: if is_encrypted {
            Scheme::Https
        } else {
            Scheme::Http
        },
        host: host.to_owned(),
        port: None,
        path: path.to_owned(),
        headers: [a, b, c].into_iter().flatten().collect(),
        sni: sni.filter(|_| is_encrypted).map(str::to_owned),
    });
    proptest::collection::vec(request, 20)
}
