//! The nodes as they are now, each asked itself: who it is, and how it sees the others.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::{Cluster, failed};
use crate::environment::CassandraNode;
use crate::gateway::Failure;
use crate::host::cassandra::answers::{
    self, Cause, Failure as NodetoolFailure, Information, Release, Schema, Streams, Table, nodes,
    status, tables,
};
use crate::host::cassandra::backup::{Seen, unready};
use crate::host::cassandra::{Id, answers::Cluster as Told, plan};

/// All nodes of a cluster that were asked.
pub(super) struct Present<'a> {
    /// What each said, in the order of the environment file.
    pub(super) seen: Vec<Seen>,
    /// Which node of the environment has which id.
    pub(super) nodes: BTreeMap<Id, &'a CassandraNode>,
    /// The node that is given statements.
    pub(super) by: (Id, &'a CassandraNode),
}

impl Present<'_> {
    /// The version of Cassandra.
    pub(super) fn release(&self) -> &Release {
        &self.seen[0].release
    }

    /// Their ids.
    pub(super) fn ids(&self) -> Vec<Id> {
        self.nodes.keys().copied().collect()
    }

    /// The nodes as plans name them.
    pub(super) fn places(&self) -> Vec<plan::Node> {
        let place = |(host, node): (&Id, &&CassandraNode)| plan::Node {
            host: *host,
            address: node.address.clone(),
            data: node
                .data
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
        };
        self.nodes.iter().map(place).collect()
    }
}

impl<'a> Cluster<'a> {
    /// The nodes, all of which have to answer.
    pub(super) async fn present(&self) -> Result<Present<'a>, Failure> {
        let first = self.first()?;
        let looking = self.settings.nodes.iter().map(|node| self.seen(node));
        let seen = try_join_all(looking).await?;
        let mut nodes: BTreeMap<Id, &CassandraNode> = BTreeMap::new();
        for (one, node) in seen.iter().zip(&self.settings.nodes) {
            if let Some(other) = nodes.insert(one.information.host, node) {
                let what = format!("the nodes `{}` and `{}`", other.name, node.name);
                return Err(failed(self.name, &what, "they are one and the same")
                    .hint("see to `nodetool` and `transport` of both in the environment file"));
            }
        }
        Ok(Present {
            by: (seen[0].information.host, first),
            seen,
            nodes,
        })
    }

    /// The same, which have to be ready for a backup or a restore.
    pub(super) async fn ready(&self) -> Result<Present<'a>, Failure> {
        let present = self.present().await?;
        let reasons = unready(&present.seen);
        let Some(first) = reasons.first() else {
            return Ok(present);
        };
        let told: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        let message = format!(
            "the Cassandra `{}` is not ready: {}",
            self.name,
            told.join("; ")
        );
        Err(Failure::new("database.cassandra.unready", message).hint(first.remedy()))
    }

    async fn seen(&self, node: &CassandraNode) -> Result<Seen, Failure> {
        let information = self.ask(node, &answers::INFORMATION).await?;
        let seen = self.standing(node).await?;
        let cluster = self.ask(node, &answers::CLUSTER).await?;
        let streams = self.ask(node, &answers::STREAMS).await?;
        let release = self.ask(node, &answers::RELEASE).await?;
        Ok(Seen {
            information: Information::of(&information)
                .map_err(|error| self.unreadable(node, error))?,
            status: nodes(&seen).map_err(|error| self.unreadable(node, error))?,
            cluster: Told::of(&cluster).map_err(|error| self.unreadable(node, error))?,
            streams: Streams::of(&streams).map_err(|error| self.unreadable(node, error))?,
            release: Release::of(&release).map_err(|error| self.unreadable(node, error))?,
        })
    }

    /// How a node sees all; without the keyspace where that is gone, which a restore makes again.
    async fn standing(&self, node: &CassandraNode) -> Result<String, Failure> {
        let said = match self.attempt(node, &status(&self.keyspace)).await? {
            Ok(told) => return Ok(told),
            Err(said) => said,
        };
        if NodetoolFailure::of(&said).cause == Cause::NotFound {
            return self.ask(node, &["nodetool", "status"]).await;
        }
        Err(self.refused(node, "nodetool", &said))
    }

    /// The tables of the keyspace.
    pub(super) async fn tables(&self, release: &Release) -> Result<Vec<Table>, Failure> {
        let first = self.first()?;
        let question = Self::cqlsh(first).tables(release, &self.keyspace);
        let told = self.ask(first, &question).await?;
        tables(&told).map_err(|error| self.unreadable(first, error))
    }

    /// The version of Cassandra, as the first node tells it.
    pub(super) async fn release(&self) -> Result<Release, Failure> {
        let first = self.first()?;
        let told = self.ask(first, &answers::RELEASE).await?;
        Release::of(&told).map_err(|error| self.unreadable(first, error))
    }

    /// The statements that make the keyspace.
    pub(super) async fn schema(&self) -> Result<Schema, Failure> {
        let first = self.first()?;
        let question = Self::cqlsh(first).describe(&self.keyspace);
        let told = self.ask(first, &question).await?;
        Schema::of(&told).map_err(|error| self.unreadable(first, error))
    }
}
