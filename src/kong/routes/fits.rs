//! What became of paths that were judged already: many routes have the same, and several rules ask.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::fit::Fit;
use super::stored_path::StoredPath;

/// Judged paths.
#[derive(Debug, Default)]
pub struct Fits(RefCell<HashMap<String, Rc<Fit>>>);

impl Fits {
    /// What the new router makes of a path.
    #[must_use]
    pub fn of(&self, path: &str) -> Rc<Fit> {
        if let Some(known) = self.0.borrow().get(path) {
            return known.clone();
        }
        let fit = Rc::new(StoredPath::of(path).fit());
        self.0.borrow_mut().insert(path.to_owned(), fit.clone());
        fit
    }
}
