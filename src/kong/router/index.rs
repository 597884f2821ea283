//! Which routes can be meant at all, by host and path together: of ten thousand, a request is compared with a handful.
//!
//! Invariant: it leaves out no route that a request fits. In which order the others are tried is each router's own business.

use std::collections::HashMap;

use super::hosts::Hosts;
use super::paths::{Fitting, Paths};

/// Where routes are found; each is a number, and a greater one is tried later.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The hosts of all routes.
    pub(super) hosts: Hosts,
    /// The paths of all routes.
    pub(super) paths: Paths,
    routes: HashMap<(Option<usize>, Option<usize>), Vec<usize>>,
}

impl Index {
    /// Adds a route under each of its hosts and paths.
    pub(super) fn add(&mut self, route: usize, hosts: &[usize], paths: &[usize]) {
        for host in or_none(hosts) {
            for path in or_none(paths) {
                self.routes.entry((host, path)).or_default().push(route);
            }
        }
    }

    /// The routes that a request can mean, in the order in which they are tried.
    pub(super) fn near(&self, hosts: &[usize], paths: &[usize]) -> Vec<usize> {
        let hosts = hosts.iter().copied().map(Some).chain([None]);
        let mut near: Vec<usize> = Vec::new();
        for host in hosts {
            for path in paths.iter().copied().map(Some).chain([None]) {
                near.extend(self.routes.get(&(host, path)).into_iter().flatten());
            }
        }
        near.sort_unstable();
        near.dedup();
        near
    }
}

/// How much of the requested path a path takes.
pub(super) fn taken(fitting: &Fitting, path: usize) -> Option<usize> {
    let found = fitting.iter().find(|(id, _)| *id == path);
    found.map(|(_, taken)| *taken)
}

/// What a route has, or that it has none.
fn or_none(ids: &[usize]) -> Vec<Option<usize>> {
    if ids.is_empty() {
        return vec![None];
    }
    ids.iter().copied().map(Some).collect()
}
