//! Texts, found by what a longer one begins with: one look for each length that there is.

use std::collections::{BTreeSet, HashMap};

/// Texts, each with what it stands for.
#[derive(Debug, Default)]
pub(super) struct Beginnings {
    by_text: HashMap<Vec<u8>, Vec<usize>>,
    lengths: BTreeSet<usize>,
}

impl Beginnings {
    /// Adds a text.
    pub(super) fn add(&mut self, text: Vec<u8>, id: usize) {
        self.lengths.insert(text.len());
        self.by_text.entry(text).or_default().push(id);
    }

    /// What the texts stand for that `whole` begins with.
    pub(super) fn of<'a>(&'a self, whole: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let lengths = self.lengths.range(..=whole.len());
        let known = lengths.filter_map(|length| self.by_text.get(&whole[..*length]));
        known.flatten().copied()
    }
}
