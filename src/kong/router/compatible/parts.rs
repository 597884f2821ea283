//! A route taken apart by its paths, so that each part has one length of prefixes, or expressions alone.

use uuid::Uuid;

use super::super::expression::{Dialect, Expression};
use super::super::not_judged::Why;
use super::super::paths::{Path, Paths, Way};
use super::super::route::Route;
use crate::kong::Version;

/// Kong's own namespace for the ids of parts.
const NAMESPACE: Uuid = Uuid::from_u128(0x7f14_5bf9_0dce_4f91_98eb_debb_ce4b_9f6b);

/// A part of a route.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) id: Option<Uuid>,
    pub(super) paths: Vec<&'a str>,
}

/// Whether a path is an expression.
pub(super) fn is_expression(path: &str) -> bool {
    path.starts_with('~')
}

/// The parts of a route, in the order in which their first paths stand there.
pub(super) fn parts(route: &Route, version: Version) -> Vec<Part<'_>> {
    // Since 3.8 a part has a number, and a route that has one alone keeps its id; before, it had the length of its prefixes.
    let has_numbers = version.is_at_least(3, 8);
    let mut groups: Vec<(Option<usize>, Vec<&str>)> = Vec::new();
    for path in route.paths() {
        let kind = (!is_expression(path)).then_some(path.len());
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, paths)) => paths.push(path),
            None => groups.push((kind, vec![path])),
        }
    }
    let id = route.id.as_deref();
    let own = id.and_then(|id| Uuid::parse_str(id).ok());
    if groups.len() < 2 && (has_numbers || route.paths().len() < 2) {
        let paths = groups.pop().map(|(_, paths)| paths);
        return vec![Part {
            id: own,
            paths: paths.unwrap_or_default(),
        }];
    }
    let numbered = groups.into_iter().zip(1..);
    let part = |((length, paths), number): ((Option<usize>, _), usize)| {
        let name = match length {
            _ if has_numbers => number.to_string(),
            Some(length) => length.to_string(),
            // Lua's word for what is an expression.
            None => "true".to_owned(),
        };
        Part {
            id: own.and(id).map(|route| part_id(route, &name)),
            paths,
        }
    };
    numbered.map(part).collect()
}

/// The id of a part, which Kong makes of that of the route as it is written.
fn part_id(route: &str, name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{route}#{name}").as_bytes())
}

impl Part<'_> {
    /// The numbers of its paths among those that are known, with which new ones are put.
    pub(super) fn add_to(&self, known: &mut Paths) -> Result<Vec<usize>, Why> {
        let mut ids = Vec::new();
        for path in &self.paths {
            let text = path.strip_prefix('~').unwrap_or(path);
            let (key, is_expression) = (text.as_bytes(), is_expression(path));
            ids.push(match known.known(key, is_expression) {
                Some(id) => id,
                None => known.add(Path {
                    key: key.to_vec(),
                    value: key.to_vec(),
                    way: way(text, is_expression)?,
                }),
            });
        }
        Ok(ids)
    }
}

fn way(text: &str, is_expression: bool) -> Result<Way, Why> {
    if !is_expression {
        return Ok(Way::Prefix);
    }
    let expression = Expression::of_path(text, Dialect::Characters);
    expression
        .map(Way::Expression)
        .map_err(|why| Why::NotBuilt {
            expression: text.to_owned(),
            why,
        })
}
