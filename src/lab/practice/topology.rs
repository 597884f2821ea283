//! What the nodes of a practice cluster are to each other: equals on one database, planes, or each on its own with a file.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::front::FrontKind;
use super::{Options, PracticeError, Security};

/// The kinds of cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// Two nodes that share a database.
    #[default]
    Traditional,
    /// Two control planes that share a database, and three data planes that are given what it holds.
    Hybrid,
    /// Three nodes without a database, each with a declarative file.
    Dbless,
}

/// What a node is in its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It has everything, be it from a database or from a file.
    #[default]
    Traditional,
    /// It has the Admin API and no proxy.
    ControlPlane,
    /// It has the proxy and no Admin API.
    DataPlane,
}

impl Topology {
    /// Its word at the command line and in the environment file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Traditional => "traditional",
            Self::Hybrid => "hybrid",
            Self::Dbless => "dbless",
        }
    }

    /// Its nodes, those that are started first before the others.
    pub(super) fn nodes(self) -> &'static [(&'static str, Role)] {
        match self {
            Self::Traditional => &[("kong-1", Role::Traditional), ("kong-2", Role::Traditional)],
            Self::Hybrid => &[
                ("cp-1", Role::ControlPlane),
                ("cp-2", Role::ControlPlane),
                ("dp-1", Role::DataPlane),
                ("dp-2", Role::DataPlane),
                ("dp-3", Role::DataPlane),
            ],
            Self::Dbless => &[
                ("kong-1", Role::Traditional),
                ("kong-2", Role::Traditional),
                ("kong-3", Role::Traditional),
            ],
        }
    }

    /// Refuses what there is no sense in with this topology, before anything is made.
    pub(super) fn require(self, options: &Options) -> Result<(), PracticeError> {
        let is_dbless = self == Self::Dbless;
        let asked = [
            (
                options.green.is_some() && self != Self::Traditional,
                "--green",
                "a second side is made from a copy of the database that all nodes of the first share",
            ),
            (
                options.security == Security::Hardened && is_dbless,
                "--hardened",
                "there is no database to protect",
            ),
            (
                options.front == FrontKind::KongUpstream && is_dbless,
                "--traffic kong-upstream",
                "the Kong in front has its configuration in a database",
            ),
        ];
        match asked.into_iter().find(|(is_asked, _, _)| *is_asked) {
            None => Ok(()),
            Some((_, option, reason)) => Err(PracticeError::Senseless {
                option,
                topology: self.word(),
                reason,
            }),
        }
    }
}
