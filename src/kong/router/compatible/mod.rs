//! `traditional_compatible` of Kong 3: each route is one expression with one number, and the greatest that fits is chosen.
//!
//! A route with several paths is one for each length of its prefixes, and one for all its expressions together. Of those with the
//! same number the one with the greater id wins, and not the older one.

mod conditions;
mod parts;
mod priority;

use std::cmp::Reverse;

use super::Chosen;
use super::index::{Index, taken};
use super::not_judged::NotJudged;
use super::route::Route;
use super::view::View;
use crate::kong::Version;
use conditions::{Conditions, HostOf};
use parts::parts;
use priority::priority;

/// Routes by number.
#[derive(Debug)]
pub(super) struct Compatible {
    index: Index,
    conditions: Vec<Option<Conditions>>,
    entries: Vec<Entry>,
    /// Whether it knows the port at which a connection came in.
    knows_port: bool,
}

/// A route, or a part of it.
#[derive(Debug)]
struct Entry {
    route: usize,
    paths: Vec<usize>,
}

impl Compatible {
    /// Orders routes.
    pub(super) fn new(version: Version, routes: &[&Route], left_out: &mut Vec<NotJudged>) -> Self {
        let mut index = Index::default();
        let (mut conditions, mut ordered) = (Vec::new(), Vec::new());
        for (number, route) in routes.iter().enumerate() {
            let own = Conditions::of(route, version);
            let own = own
                .map_err(|why| left_out.push(NotJudged::of(route, why)))
                .ok();
            if own.is_some() {
                for part in parts(route, version) {
                    let order = Reverse((priority(route, &part.paths), part.id));
                    match part.add_to(&mut index.paths) {
                        Ok(paths) => ordered.push((
                            order,
                            Entry {
                                route: number,
                                paths,
                            },
                        )),
                        Err(why) => left_out.push(NotJudged::of(route, why)),
                    }
                }
            }
            conditions.push(own);
        }
        ordered.sort_by_key(|(order, _)| *order);
        let entries: Vec<Entry> = ordered.into_iter().map(|(_, entry)| entry).collect();
        for (at, entry) in entries.iter().enumerate() {
            let hosts = conditions[entry.route].iter().flat_map(|own| &own.hosts);
            let hosts: Vec<usize> = hosts
                .map(|host| index.hosts.add(&host.name, host.shape()))
                .collect();
            index.add(at, &hosts, &entry.paths);
        }
        Self {
            index,
            conditions,
            entries,
            knows_port: version.is_at_least(3, 6),
        }
    }

    /// The route that a request is given to.
    pub(super) fn find(&self, view: &View<'_>) -> Option<Chosen> {
        // The engine takes text alone; of anything else Kong makes a 404.
        str::from_utf8(&view.path).ok()?;
        let host = HostOf::of(view.asked, self.knows_port);
        let fitting = self.index.paths.fitting(&view.path);
        let paths: Vec<usize> = fitting.iter().map(|(id, _)| *id).collect();
        let hosts = self.index.hosts.near(&[host.name]);
        let near = self.index.near(&hosts, &paths);
        near.into_iter().find_map(|at| {
            let entry = &self.entries[at];
            let own = self.conditions[entry.route].as_ref()?;
            let mut paths = entry.paths.iter();
            let taken = match &entry.paths[..] {
                [] => Some(1),
                _ => paths.find_map(|path| taken(&fitting, *path)),
            }?;
            own.fit(view, &host).then_some(Chosen {
                route: entry.route,
                taken,
            })
        })
    }
}
