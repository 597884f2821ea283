//! Categories of routes: those with conditions of the same kinds, in the order in which they are tried.

use std::collections::HashMap;

use super::super::paths::Paths;
use super::super::view::View;
use super::conditions::{Conditions, HEADER, HOST, Kinds, METHOD, PATH, SNI};
use super::entry::Entry;
use super::hits::Hits;

/// The routes with conditions of the same kinds.
#[derive(Debug, Default)]
pub(super) struct Category {
    pub(super) kinds: Kinds,
    /// How many routes there are under each host, header, path, method and name.
    hosts: HashMap<String, usize>,
    headers: HashMap<String, usize>,
    paths: HashMap<Vec<u8>, usize>,
    methods: HashMap<String, usize>,
    snis: HashMap<String, usize>,
}

/// The routes of a category that are tried before the others: those under one thing that the request has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Narrowed<'a> {
    Host(&'a str),
    Header(&'a str),
    Path(&'a [u8]),
    Method(&'a str),
    Sni(&'a str),
}

/// The categories: those with more kinds first.
pub(super) fn sorted(
    entries: &[Entry],
    conditions: &[Option<Conditions>],
    paths: &Paths,
) -> Vec<Category> {
    let mut by_kinds: HashMap<Kinds, Category> = HashMap::new();
    for entry in entries {
        let category = by_kinds.entry(entry.kinds).or_default();
        category.kinds = entry.kinds;
        if let Some(conditions) = &conditions[entry.route] {
            category.count(entry, conditions, paths);
        }
    }
    let mut sorted: Vec<Category> = by_kinds.into_values().collect();
    sorted.sort_by_key(|category| std::cmp::Reverse((category.kinds.count_ones(), category.kinds)));
    sorted
}

impl Category {
    fn count(&mut self, entry: &Entry, conditions: &Conditions, paths: &Paths) {
        for host in &conditions.hosts {
            *self.hosts.entry(host.name().to_owned()).or_default() += 1;
        }
        for header in &conditions.headers {
            *self.headers.entry(header.name.clone()).or_default() += 1;
        }
        if let Some(path) = entry.path {
            let value = paths.get(path).value.clone();
            *self.paths.entry(value).or_default() += 1;
        }
        for method in &conditions.methods {
            *self.methods.entry(method.clone()).or_default() += 1;
        }
        for sni in &conditions.snis {
            *self.snis.entry(sni.clone()).or_default() += 1;
        }
    }

    /// The routes that are tried first: those with the header that was hit, or else the fewest that one kind leaves.
    pub(super) fn narrowed<'a>(&self, hits: &'a Hits<'_>, view: &View<'a>) -> Option<Narrowed<'a>> {
        let header = hits.header.filter(|name| self.headers.contains_key(*name));
        if let Some(header) = header.filter(|_| self.kinds & HEADER != 0) {
            return Some(Narrowed::Header(header));
        }
        let host = hits.wildcard.unwrap_or(&view.asked.host);
        let (method, sni) = (&*view.asked.method, view.sni());
        let count =
            |of: Option<&usize>, kind: Kinds| of.copied().filter(|_| self.kinds & kind != 0);
        let path = hits.path();
        let sets = [
            (count(self.hosts.get(host), HOST), Narrowed::Host(host)),
            (
                count(path.and_then(|path| self.paths.get(path)), PATH),
                Narrowed::Path(path.unwrap_or_default()),
            ),
            (
                count(self.methods.get(method), METHOD),
                Narrowed::Method(method),
            ),
            (count(self.snis.get(sni), SNI), Narrowed::Sni(sni)),
        ];
        let known = sets
            .into_iter()
            .filter_map(|(count, set)| Some((count?, set)));
        // Of sets with as many, the first.
        known.min_by_key(|(count, _)| *count).map(|(_, set)| set)
    }
}

impl Narrowed<'_> {
    /// Whether a route is among them.
    pub(super) fn has(&self, entry: &Entry, conditions: &Conditions, paths: &Paths) -> bool {
        match self {
            Self::Host(name) => conditions.hosts.iter().any(|host| host.name() == *name),
            Self::Header(name) => conditions.headers.iter().any(|one| one.name == *name),
            Self::Path(value) => entry
                .path
                .is_some_and(|path| paths.get(path).value == *value),
            Self::Method(name) => conditions.methods.iter().any(|one| one == name),
            Self::Sni(name) => conditions.snis.iter().any(|one| one == name),
        }
    }
}
