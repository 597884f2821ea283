//! Unit tests of playbooks: the worlds that they describe, what came of a run that they played, and what they reached.
//!
//! This room runs no script and reads no file: a test's words are in `script`, its files come from whoever runs it.

mod coverage;
mod described;
mod told;
mod usual;

pub use coverage::{Coverage, Spot};
pub use described::{Described, DescriptionError};
pub use told::told;

use serde::{Deserialize, Serialize};

pub use crate::run::Raised;

/// A test that came to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    /// The function's name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What it did not catch; none where it passed.
    pub raised: Option<Raised>,
}

/// The tests of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct TestedFile {
    /// The file, as it was named.
    pub file: String,
    /// Its tests, in the order of their names.
    pub tests: Vec<Tested>,
    /// Why the file came to no end, if its process did not live so long.
    pub broken: Option<String>,
}

impl TestedFile {
    /// Whether everything in it passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.broken.is_none() && self.tests.iter().all(|test| test.raised.is_none())
    }
}
