//! The router of Kong 2, and `traditional` of Kong 3.
//!
//! A request has a category too: the kinds of conditions for which some route has what it asks. Routes of that category are tried
//! first, then those of the lesser ones. Within a category those come first that are found under what the request hit, which can be
//! another order than that of the whole category; and a request whose own category no route has begins with the greatest of all.

mod category;
mod conditions;
mod entry;
mod hits;
mod host;
mod lua_sort;

use super::expression::{Dialect, Expression};
use super::index::Index;
use super::normal::{normalised, normalised_expression};
use super::not_judged::{NotJudged, Why};
use super::paths::{Path, Paths, Way};
use super::route::Route;
use super::view::View;
use super::{Chosen, Flavour};
use crate::kong::routes::StoredPath;
use category::{Category, sorted};
use conditions::Conditions;
use entry::{Entry, Trial};
use hits::{Hits, Known};
use host::{Host, HostOf};
use lua_sort::lua_sort;

/// Routes in categories.
#[derive(Debug)]
pub(super) struct Traditional {
    index: Index,
    conditions: Vec<Option<Conditions>>,
    entries: Vec<Entry>,
    categories: Vec<Category>,
    known: Known,
}

impl Traditional {
    /// Orders routes. One with several paths stands there once for each of them.
    pub(super) fn new(flavour: Flavour, routes: &[&Route], left_out: &mut Vec<NotJudged>) -> Self {
        let mut index = Index::default();
        let (mut conditions, mut entries) = (Vec::new(), Vec::new());
        for (number, route) in routes.iter().enumerate() {
            match read(flavour, route, &mut index.paths) {
                Ok((own, paths)) => {
                    entries.extend(Entry::of(number, route, &own, &paths, &index.paths));
                    conditions.push(Some(own));
                }
                Err(why) => {
                    conditions.push(None);
                    left_out.push(NotJudged::of(route, why));
                }
            }
        }
        lua_sort(&mut entries, &Entry::is_before);
        let mut order = Self {
            index,
            conditions,
            entries,
            categories: Vec::new(),
            known: Known::default(),
        };
        order.fill();
        order
    }

    /// The route that a request is given to.
    pub(super) fn find(&self, view: &View<'_>) -> Option<Chosen> {
        let host = HostOf::of(&view.asked.host, view.asked.scheme);
        let near_hosts = self.index.hosts.near(&host.texts());
        let fitting = self.index.paths.fitting(&view.path);
        let hits = Hits::of(self, view, &host, &near_hosts, &fitting)?;
        let trial = Trial {
            view,
            host: &host,
            hits: &hits,
            paths: &self.index.paths,
            fitting: &fitting,
        };
        let mut paths: Vec<usize> = fitting.iter().map(|(id, _)| *id).collect();
        paths.extend(self.index.paths.called(hits.path_text(view)));
        let near = self.index.near(&near_hosts, &paths);
        let found: Vec<(&Entry, usize)> = near
            .into_iter()
            .filter_map(|at| {
                let entry = &self.entries[at];
                Some((entry, trial.taken(entry, self.conditions(entry)?)?))
            })
            .collect();
        let (entry, taken) = self.first(&found, &hits, view)?;
        Some(Chosen {
            route: entry.route,
            taken,
        })
    }

    /// The one of those that fit whose turn comes first.
    fn first<'a>(
        &self,
        found: &[(&'a Entry, usize)],
        hits: &Hits<'_>,
        view: &View<'_>,
    ) -> Option<(&'a Entry, usize)> {
        let mut categories = self.categories.iter();
        let begin = categories.position(|category| category.kinds == hits.kinds);
        for category in &self.categories[begin.unwrap_or(0)..] {
            let mut of_it = found
                .iter()
                .filter(|(entry, _)| entry.kinds == category.kinds);
            let Some(first) = of_it.clone().next() else {
                continue;
            };
            let narrowed = category.narrowed(hits, view).and_then(|set| {
                of_it.find(|(entry, _)| {
                    let conditions = self.conditions(entry);
                    conditions.is_some_and(|own| set.has(entry, own, &self.index.paths))
                })
            });
            return Some(*narrowed.unwrap_or(first));
        }
        None
    }

    /// Fills what is looked up, in the order of the entries.
    fn fill(&mut self) {
        for (at, entry) in self.entries.iter().enumerate() {
            let Some(own) = self.conditions[entry.route].as_ref() else {
                continue;
            };
            let hosts = own
                .hosts
                .iter()
                .map(|host| self.index.hosts.add(host.name(), host.shape()));
            let hosts: Vec<usize> = hosts.collect();
            self.index.add(at, &hosts, entry.path.as_slice());
            self.known.add(own, &hosts, entry.path);
        }
        self.categories = sorted(&self.entries, &self.conditions, &self.index.paths);
    }

    fn conditions(&self, entry: &Entry) -> Option<&Conditions> {
        self.conditions[entry.route].as_ref()
    }

    fn host(&self, at: usize) -> Option<&Host> {
        self.known.wildcard(at)
    }

    fn paths(&self) -> &Paths {
        &self.index.paths
    }
}

/// What a route asks for, and its paths.
fn read(
    flavour: Flavour,
    route: &Route,
    known: &mut Paths,
) -> Result<(Conditions, Vec<usize>), Why> {
    let conditions = Conditions::of(route)?;
    let mut paths = Vec::new();
    for path in route.paths() {
        paths.push(add_path(flavour, path, known)?);
    }
    Ok((conditions, paths))
}

fn add_path(flavour: Flavour, text: &str, known: &mut Paths) -> Result<usize, Why> {
    let stored = StoredPath::of(text);
    // 2.8 understands both ways of writing an expression, 3.x that with `~` alone.
    let is_expression = match flavour {
        Flavour::Two => stored.is_expression(),
        _ => stored.is_expression() && !stored.is_rewritten(),
    };
    let bare = text
        .strip_prefix('~')
        .filter(|_| is_expression)
        .unwrap_or(text);
    let not_pcre = |why: String| Why::NotPcre {
        expression: bare.to_owned(),
        why,
    };
    let written = match (flavour, is_expression) {
        (Flavour::Two, true) => normalised_expression(bare)
            .ok_or_else(|| not_pcre("it has percent-encoded bytes that are no text".to_owned()))?,
        _ => bare.to_owned(),
    };
    if let Some(id) = known.known(written.as_bytes(), is_expression) {
        return Ok(id);
    }
    let value = match flavour {
        Flavour::Two if !is_expression => normalised(text.as_bytes()),
        _ => written.clone().into_bytes(),
    };
    let way = if is_expression {
        let expression = Expression::of_path(&written, Dialect::Pcre).map_err(not_pcre)?;
        Way::Expression(expression)
    } else {
        Way::Prefix
    };
    let key = written.into_bytes();
    Ok(known.add(Path { key, value, way }))
}
