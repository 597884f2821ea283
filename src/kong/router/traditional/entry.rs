//! A route with one of its paths: what is put in order, and what a request is compared with.

use super::super::asked::Scheme;
use super::super::index::taken;
use super::super::paths::{Fitting, Paths, Way};
use super::super::route::Route;
use super::super::view::View;
use super::conditions::{Conditions, HEADER, HOST, Kinds, METHOD, PATH, SNI};
use super::hits::Hits;
use super::host::{Host, HostOf};

const HAS_EXPRESSION: u8 = 1;
const HAS_PLAIN_HOSTS_ONLY: u8 = 2;
const HAS_WILDCARD_AND_PORT: u8 = 4;

/// A route with one of its paths.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) route: usize,
    pub(super) kinds: Kinds,
    pub(super) path: Option<usize>,
    weight: u8,
    headers: usize,
    /// That of an expression; other paths have none.
    regex_priority: i64,
    /// That of a prefix.
    length: usize,
    created_at: f64,
}

/// A request that is compared with entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) host: &'a HostOf<'a>,
    pub(super) hits: &'a Hits<'a>,
    pub(super) paths: &'a Paths,
    pub(super) fitting: &'a Fitting,
}

impl Entry {
    /// A route's entries.
    pub(super) fn of(
        number: usize,
        route: &Route,
        conditions: &Conditions,
        paths: &[usize],
        known: &Paths,
    ) -> Vec<Self> {
        let mut weight = 0;
        if route.has_plain_hosts_only() {
            weight |= HAS_PLAIN_HOSTS_ONLY;
        }
        if conditions.hosts.iter().any(Host::has_wildcard_and_port) {
            weight |= HAS_WILDCARD_AND_PORT;
        }
        let without_path = Self {
            route: number,
            kinds: conditions.kinds(),
            path: None,
            weight,
            headers: conditions.headers.len(),
            regex_priority: 0,
            length: 0,
            // Routes that do not say it are the youngest.
            created_at: route.created_at.unwrap_or(f64::INFINITY),
        };
        if paths.is_empty() {
            return vec![without_path];
        }
        let with_path = |path: &usize| {
            let entry = Self {
                kinds: without_path.kinds | PATH,
                path: Some(*path),
                ..without_path
            };
            match known.get(*path).way {
                Way::Prefix => Self {
                    length: known.get(*path).key.len(),
                    ..entry
                },
                Way::Expression(_) => Self {
                    weight: weight | HAS_EXPRESSION,
                    regex_priority: route.regex_priority(),
                    ..entry
                },
            }
        };
        paths.iter().map(with_path).collect()
    }

    /// Whether it is tried before another of its category.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        let order = other.weight.cmp(&self.weight);
        let order = order
            .then_with(|| other.headers.cmp(&self.headers))
            .then_with(|| other.regex_priority.cmp(&self.regex_priority))
            .then_with(|| other.length.cmp(&self.length))
            .then_with(|| self.created_at.total_cmp(&other.created_at));
        order.is_lt()
    }
}

impl Trial<'_> {
    /// How much of the path an entry takes, if the request fits it.
    pub(super) fn taken(&self, entry: &Entry, conditions: &Conditions) -> Option<usize> {
        let has = |kind: Kinds| entry.kinds & kind != 0;
        let fits = (!has(HOST) || self.has_host(conditions))
            && (!has(HEADER)
                || conditions
                    .headers
                    .iter()
                    .all(|header| header.fits(self.view)))
            && (!has(METHOD) || conditions.methods.contains(&self.view.asked.method))
            && (!has(SNI) || self.has_sni(conditions));
        match entry.path {
            _ if !fits => None,
            None => Some(1),
            Some(path) => self.taken_by(path),
        }
    }

    fn has_host(&self, conditions: &Conditions) -> bool {
        let (sent, bare) = (self.host.sent, self.host.without_port);
        conditions.hosts.iter().any(|host| match host {
            Host::Plain(name) => name == sent || name == bare,
            Host::Wildcard { .. } => host.fits(self.host),
        })
    }

    fn has_sni(&self, conditions: &Conditions) -> bool {
        let sni = self.view.sni();
        self.view.asked.scheme == Scheme::Http || conditions.snis.iter().any(|one| one == sni)
    }

    fn taken_by(&self, path: usize) -> Option<usize> {
        let found = taken(self.fitting, path);
        let path = self.paths.get(path);
        // What is called as that which was hit counts as fitting, be it an expression or not.
        if path.key == self.hits.path_text(self.view) && !self.view.path.is_empty() {
            return match path.way {
                Way::Prefix => Some(path.value.len()),
                Way::Expression(_) => found.or(Some(path.value.len())),
            };
        }
        found
    }
}
