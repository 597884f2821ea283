//! A setting that stands in a file.

use std::fmt;

use super::Value;

/// A setting that stands in a file, with its key and value as Kong reads them.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The line it begins in, from 1.
    pub line: usize,
    /// The key.
    pub key: String,
    /// The value. Empty where nothing is given, which takes the default away.
    pub value: String,
    /// Whether Kong goes by it.
    pub standing: Standing,
}

/// Whether Kong goes by a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Counts,
    /// It goes by a later line with the same key.
    Repeated {
        /// That line, from 1.
        by: usize,
    },
    /// A section began above, and Kong looks into none.
    InSection {
        /// The line of the section, from 1.
        since: usize,
    },
}

impl fmt::Debug for Setting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}: {} = {} ({:?})",
            self.line,
            self.key,
            Value::new(&self.key, &self.value),
            self.standing
        )
    }
}
