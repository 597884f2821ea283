//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum Origin {
    /// Kong fills it in.
    Default,
    /// A kong.conf.
    File {
        /// Its path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The environment.
    Environment {
        /// Where the variable is given.
        place: Place,
    },
}

/// Where a variable of the environment is given. Later ones override earlier ones: with systemd a file overrides what the unit says
/// itself, and what a process has is what counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// `Environment=` of a unit.
    Unit {
        /// The unit's name.
        name: String,
    },
    /// A file that a unit names with `EnvironmentFile=`.
    EnvironmentFile {
        /// Its path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The environment of a process, as it was found.
    Process,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line } => write!(out, "{}:{line}", path.display()),
            Self::Environment { place } => place.fmt(out),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit { name } => write!(out, "environment of `{name}`"),
            Self::EnvironmentFile { path, line } => {
                write!(out, "environment from {}:{line}", path.display())
            }
            Self::Process => out.write_str("environment of the process"),
        }
    }
}
