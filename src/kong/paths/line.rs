//! Lines of releases: a major and a minor version, with all their patches.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::kong::Version;

/// A line of releases, as 3.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(pub u16, pub u16);

/// The long-term support lines, in order; each is upgraded to the next in one step.
pub(super) const LONG_TERM: [Line; 4] = [Line(2, 8), Line(3, 4), Line(3, 10), Line(3, 14)];

/// The minor that ends each major line, from which the next major is the adjacent release.
pub(super) const LAST_OF_MAJOR: [Line; 2] = [Line(1, 5), Line(2, 8)];

/// The newest line that is known.
pub(super) const NEWEST: Line = Line(3, 15);

impl Line {
    /// That of a version.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        Self(version.major, version.minor)
    }

    /// The LTS line behind this one, which must be one.
    pub(super) fn next_long_term(self) -> Option<Self> {
        let position = LONG_TERM.iter().position(|known| *known == self)?;
        LONG_TERM.get(position + 1).copied()
    }

    /// The next minor or major.
    pub(super) fn next(self) -> Option<Self> {
        let next = if LAST_OF_MAJOR.contains(&self) {
            Self(self.0 + 1, 0)
        } else {
            Self(self.0, self.1 + 1)
        };
        (next <= NEWEST).then_some(next)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0, self.1)
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
