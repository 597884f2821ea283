//! Expressions, found by the texts that they demand: one look at a path tells which of them can match it at all.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

/// Texts, each with the expression that demands it.
#[derive(Debug, Default)]
pub(super) struct Demanded {
    texts: Vec<Vec<u8>>,
    ids: Vec<usize>,
    /// Those that demand nothing that is known.
    others: Vec<usize>,
    /// Made once all are there; `None` where that cannot be done.
    search: OnceLock<Option<AhoCorasick>>,
}

impl Demanded {
    /// Adds an expression.
    pub(super) fn add(&mut self, text: Vec<u8>, id: usize) {
        self.search.take();
        if text.is_empty() {
            self.others.push(id);
        } else {
            self.texts.push(text);
            self.ids.push(id);
        }
    }

    /// The expressions whose text stands in `path`, and those without one.
    pub(super) fn of(&self, path: &[u8]) -> Vec<usize> {
        let search = self
            .search
            .get_or_init(|| AhoCorasick::new(&self.texts).ok());
        let mut found = self.others.clone();
        match search {
            Some(search) => {
                let texts = search.find_overlapping_iter(path);
                found.extend(texts.map(|text| self.ids[text.pattern().as_usize()]));
            }
            None => found.extend(&self.ids),
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
