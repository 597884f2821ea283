//! The hosts of all routes, each once, and which of them the host of a request may fit. Whether it does, each router says itself.

use std::collections::HashMap;

use super::beginnings::Beginnings;

/// What of a host is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// All of it.
    Whole(&'a str),
    /// What stands before the wildcard.
    Beginning(&'a str),
    /// What stands behind the wildcard.
    End(&'a str),
}

/// The hosts of all routes.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    by_name: HashMap<String, usize>,
    whole: HashMap<String, Vec<usize>>,
    beginnings: Beginnings,
    /// From behind.
    ends: Beginnings,
}

impl Hosts {
    /// The number of a host.
    pub(super) fn add(&mut self, name: &str, shape: Shape<'_>) -> usize {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let id = self.by_name.len();
        self.by_name.insert(name.to_owned(), id);
        match shape {
            Shape::Whole(text) => self.whole.entry(text.to_owned()).or_default().push(id),
            Shape::Beginning(text) => self.beginnings.add(text.into(), id),
            Shape::End(text) => self.ends.add(backwards(text), id),
        }
        id
    }

    /// Those that one of the texts of a request may fit.
    pub(super) fn near(&self, texts: &[&str]) -> Vec<usize> {
        let mut near = Vec::new();
        for text in texts {
            near.extend(self.whole.get(*text).into_iter().flatten());
            near.extend(self.beginnings.of(text.as_bytes()));
            near.extend(self.ends.of(&backwards(text)));
        }
        near.sort_unstable();
        near.dedup();
        near
    }
}

fn backwards(text: &str) -> Vec<u8> {
    text.bytes().rev().collect()
}
