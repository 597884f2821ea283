//! What a request hits before any route is tried: of each kind, the first that some route asks for. From that its category follows.

use std::collections::{HashMap, HashSet};

use super::super::paths::{Fitting, Way};
use super::super::view::View;
use super::Traditional;
use super::conditions::{Conditions, HEADER, HOST, Kinds, METHOD, PATH, SNI};
use super::host::{Host, HostOf};

/// What routes ask for, in the order of the routes.
#[derive(Debug, Default)]
pub(super) struct Known {
    plain_hosts: HashSet<String>,
    wildcards: Vec<Host>,
    /// Which turn a wildcard host or an expression has, by its number.
    turn_of_host: HashMap<usize, usize>,
    turn_of_path: HashMap<usize, usize>,
    headers: Vec<String>,
    methods: HashSet<String>,
    snis: HashSet<String>,
}

/// What a request hits.
#[derive(Debug)]
pub(super) struct Hits<'a> {
    /// Its category.
    pub(super) kinds: Kinds,
    /// A host with a wildcard, where no plain one fits.
    pub(super) wildcard: Option<&'a str>,
    /// What is compared of the path that was hit.
    path: Option<&'a [u8]>,
    /// The first header that it has of those that are asked for.
    pub(super) header: Option<&'a str>,
}

impl Known {
    pub(super) fn add(&mut self, conditions: &Conditions, hosts: &[usize], path: Option<usize>) {
        for (host, id) in conditions.hosts.iter().zip(hosts) {
            if !host.has_wildcard() {
                self.plain_hosts.insert(host.name().to_owned());
            } else if !self.turn_of_host.contains_key(id) {
                self.turn_of_host.insert(*id, self.wildcards.len());
                self.wildcards.push(host.clone());
            }
        }
        for header in &conditions.headers {
            if !self.headers.contains(&header.name) {
                self.headers.push(header.name.clone());
            }
        }
        if let Some(path) = path {
            let turn = self.turn_of_path.len();
            self.turn_of_path.entry(path).or_insert(turn);
        }
        self.methods.extend(conditions.methods.iter().cloned());
        self.snis.extend(conditions.snis.iter().cloned());
    }

    pub(super) fn wildcard(&self, turn: usize) -> Option<&Host> {
        self.wildcards.get(turn)
    }
}

impl<'a> Hits<'a> {
    /// What a request hits; `None` if that is nothing, and no route is tried.
    pub(super) fn of(
        order: &'a Traditional,
        view: &View<'_>,
        host: &HostOf<'_>,
        near_hosts: &[usize],
        fitting: &Fitting,
    ) -> Option<Self> {
        let known = &order.known;
        let has_plain_host = !host.sent.is_empty()
            && (known.plain_hosts.contains(&host.with_port)
                || known.plain_hosts.contains(host.without_port));
        let mut wildcards: Vec<usize> = near_hosts
            .iter()
            .filter_map(|id| known.turn_of_host.get(id).copied())
            .collect();
        wildcards.sort_unstable();
        let wildcard = wildcards
            .into_iter()
            .filter_map(|turn| order.host(turn))
            .find(|wildcard| !has_plain_host && wildcard.fits(host))
            .map(Host::name);
        let path = path_hit(order, fitting);
        let has_header = |name: &&String| view.asked.values(name).is_some();
        let header = known.headers.iter().find(has_header).map(String::as_str);
        let hit = |is_hit: bool, kind: Kinds| if is_hit { kind } else { 0 };
        let kinds = hit(has_plain_host || wildcard.is_some(), HOST)
            | hit(header.is_some(), HEADER)
            | hit(path.is_some(), PATH)
            | hit(known.methods.contains(&view.asked.method), METHOD)
            | hit(known.snis.contains(view.sni()), SNI);
        (kinds != 0).then_some(Self {
            kinds,
            wildcard,
            path,
            header,
        })
    }

    /// What of the path is looked up: what was hit, or all of it.
    pub(super) fn path_text<'b>(&'b self, view: &'b View<'_>) -> &'b [u8] {
        self.path.unwrap_or(&view.path)
    }

    /// What was hit of the path.
    pub(super) fn path(&self) -> Option<&[u8]> {
        self.path
    }
}

/// The first expression that matches, or the longest prefix.
fn path_hit<'a>(order: &'a Traditional, fitting: &Fitting) -> Option<&'a [u8]> {
    let is_expression = |id: &usize| matches!(order.paths().get(*id).way, Way::Expression(_));
    let ids = fitting.iter().map(|(id, _)| *id);
    let (expressions, prefixes): (Vec<usize>, Vec<usize>) = ids.partition(is_expression);
    let turn = |id: &usize| order.known.turn_of_path.get(id).copied();
    let first = expressions.into_iter().min_by_key(turn);
    let value = |id: usize| &*order.paths().get(id).value;
    first.map(value).or_else(|| {
        prefixes
            .into_iter()
            .map(value)
            .max_by_key(|value| value.len())
    })
}
