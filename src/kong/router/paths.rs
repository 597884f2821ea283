//! The paths of all routes, each once, and which of them a request fits.

use std::collections::HashMap;

use super::beginnings::Beginnings;
use super::demanded::Demanded;
use super::expression::Expression;

/// What a path of a route is compared as.
#[derive(Debug)]
pub(super) enum Way {
    /// As what the requested one begins with.
    Prefix,
    /// As an expression.
    Expression(Expression),
}

/// A path of a route.
#[derive(Debug)]
pub(super) struct Path {
    /// What it is called in the router's tables.
    pub(super) key: Vec<u8>,
    /// What is compared.
    pub(super) value: Vec<u8>,
    /// As what.
    pub(super) way: Way,
}

/// The paths of all routes.
#[derive(Debug, Default)]
pub(super) struct Paths {
    all: Vec<Path>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
    prefixes: Beginnings,
    expressions: Demanded,
}

/// The paths that a request fits, each with how much of the requested one it takes.
pub(super) type Fitting = Vec<(usize, usize)>;

impl Paths {
    /// The number of a path that is known already.
    pub(super) fn known(&self, key: &[u8], is_expression: bool) -> Option<usize> {
        let mut ids = self.called(key).iter();
        let is_it = |id: &&usize| matches!(self.all[**id].way, Way::Expression(_)) == is_expression;
        ids.find(is_it).copied()
    }

    /// Adds a path that is not known.
    pub(super) fn add(&mut self, path: Path) -> usize {
        let id = self.all.len();
        match &path.way {
            Way::Prefix => self.prefixes.add(path.value.clone(), id),
            Way::Expression(expression) => self.expressions.add(expression.demanded().to_vec(), id),
        }
        self.by_key.entry(path.key.clone()).or_default().push(id);
        self.all.push(path);
        id
    }

    /// The path with a number.
    pub(super) fn get(&self, id: usize) -> &Path {
        &self.all[id]
    }

    /// Those of a name: a prefix and an expression may have the same.
    pub(super) fn called(&self, key: &[u8]) -> &[usize] {
        self.by_key.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those that a requested path fits.
    pub(super) fn fitting(&self, path: &[u8]) -> Fitting {
        let taken = |id: usize| match &self.all[id].way {
            Way::Prefix => Some(self.all[id].value.len()),
            Way::Expression(expression) => expression.taken(path),
        };
        let near = self.prefixes.of(path).chain(self.expressions.of(path));
        near.filter_map(|id| Some((id, taken(id)?))).collect()
    }
}
