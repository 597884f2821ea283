//! What something is said of: a conflict, or a need.

use std::fmt;

use serde::Serialize;

use super::Location;

/// A part of a change set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// The whole change set.
    ChangeSet,
    /// A setting.
    Setting {
        /// The file it stands in.
        location: Location,
        /// Its name.
        name: String,
    },
    /// What a file holds, and whether it is there.
    File {
        /// The file.
        location: Location,
    },
    /// The mode of a file.
    Mode {
        /// The file.
        location: Location,
    },
    /// The owner of a file.
    Owner {
        /// The file.
        location: Location,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChangeSet => out.write_str("the change set"),
            Self::Setting { location, name } => write!(out, "`{name}` in `{location}`"),
            Self::File { location } => write!(out, "`{location}`"),
            Self::Mode { location } => write!(out, "mode of `{location}`"),
            Self::Owner { location } => write!(out, "owner of `{location}`"),
        }
    }
}
