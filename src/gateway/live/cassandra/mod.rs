//! Cassandra for real: whether it is ready, what it holds, backups of all its nodes or of none, their proofs, and the way back.
//!
//! ```text
//! ask ─► present ─► held ─► snapshot ─► copy ─► kept ─► verify ─► restore ─► put
//! ```
//!
//! What is to be done is planned in `host::cassandra`, as values; here it is carried out on the nodes of the environment. Whatever else can
//! be asked of a database is refused for a Cassandra, in one place and with one code.

mod ask;
mod backup;
mod carry_out;
mod copy;
mod facts;
mod held;
mod kept;
mod leads_to;
mod left_behind;
mod present;
mod put;
mod restore;
mod restored;
mod restoring;
mod snapshot;
mod verify;

use super::Live;
use crate::environment::{Cassandra, CassandraNode};
use crate::gateway::{Failure, VerifyTier};
use crate::host::cassandra::Name;

/// A Cassandra of the environment.
pub(super) struct Cluster<'a> {
    live: &'a Live,
    name: &'a str,
    keyspace: Name,
    settings: &'a Cassandra,
}

impl Live {
    /// The Cassandra called `name`, if one is.
    pub(super) fn cassandra<'a>(&'a self, name: &'a str) -> Result<Option<Cluster<'a>>, Failure> {
        let Some(settings) = self.environment.cassandra.get(name) else {
            return Ok(None);
        };
        let keyspace = settings.keyspace.parse().map_err(|error| {
            Failure::new("database.cassandra.failed", format!("`{name}`: {error}"))
        })?;
        Ok(Some(Cluster {
            live: self,
            name,
            keyspace,
            settings,
        }))
    }

    /// The node of a Cassandra that is called `name`.
    pub(super) fn cassandra_node(&self, name: &str) -> Option<&CassandraNode> {
        let mut nodes = self.environment.cassandra.values();
        nodes.find_map(|of| of.nodes.iter().find(|node| node.name == name))
    }
}

/// The proof that wants a second cluster.
fn no_second_cluster(name: &str, tier: VerifyTier) -> Result<(), Failure> {
    if tier != VerifyTier::Restore {
        return Ok(());
    }
    let message = format!(
        "a backup of the Cassandra `{name}` cannot be proven by restoring it: there is no second cluster to restore it into"
    );
    Err(Failure::new("database.cassandra", message)
        .hint("prove it with `#{ tier: \"decode\" }`: every file, and Cassandra's own checksums of the rows"))
}

/// What a node or a tool did not do as it should.
fn failed(name: &str, what: &str, why: impl std::fmt::Display) -> Failure {
    let message = format!("{what} of the Cassandra `{name}`: {why}");
    Failure::new("database.cassandra.failed", message)
}
