//! Snapshots on all nodes or on none: what an attempt made is told from what the nodes list, never from an exit code alone.
//!
//! A snapshot that is left behind keeps its files on disk for ever, so each has a name of its run and step, by which it is found again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};

use super::Cluster;
use super::present::Present;
use crate::environment::CassandraNode;
use crate::gateway::Failure;
use crate::host::cassandra::answers::{SNAPSHOTS, Snapshot, Table, snapshots};
use crate::host::cassandra::backup::{Has, Verdict, clear, has, snapshot, verdict};
use crate::host::cassandra::{Id, Tag};

/// What a snapshot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is copied and cleared.
    Backup,
    /// It keeps what was there before a restore.
    Before,
}

impl<'a> Cluster<'a> {
    /// How the tags of this step begin.
    fn tags(&self, kind: Kind) -> String {
        // A tag has room for twenty letters; somebody else may have a run of the same name.
        let whose = format!("{} {}", self.live.run, self.live.output.display());
        let whose = hex::encode(&Sha256::digest(whose)[..3]);
        let word = match kind {
            Kind::Backup => "cut",
            Kind::Before => "pre",
        };
        format!("{word}_{whose}_{}", self.live.step.get())
    }

    /// The tag of an attempt of this step.
    pub(super) fn tag(&self, kind: Kind, attempt: u32) -> Result<Tag, Failure> {
        let tag = format!("{}_{attempt}", self.tags(kind));
        tag.parse()
            .map_err(|error| super::failed(self.name, "the snapshot", error))
    }

    /// Makes a snapshot on all nodes; where some fail, none has any of it afterwards.
    pub(super) async fn take(
        &self,
        present: &Present<'a>,
        tables: &[Table],
        tag: &Tag,
    ) -> Result<(), Failure> {
        let [flush, take] = snapshot(&present.ids(), &self.keyspace, tag);
        let flushed = self.carry_out(present, &flush).await;
        if let Some(failure) = self.trouble(present, &flushed) {
            return Err(failure);
        }
        let taken = self.carry_out(present, &take).await;
        let trouble = self.trouble(present, &taken);
        if verdict(&self.has(present, tables, tag).await) == Verdict::All {
            return Ok(());
        }
        let why = trouble.map_or_else(
            || "not all nodes list it".to_owned(),
            |failure| failure.message,
        );
        let after = match self.clear(present, tag).await {
            Ok(()) => "none is left on any node".to_owned(),
            Err(failure) => failure.message,
        };
        let message = format!(
            "the snapshot `{tag}` of the Cassandra `{}` was not made on all nodes: {why}; {after}",
            self.name
        );
        Err(Failure::new("database.cassandra.snapshot", message)
            .hint("see to that node, above all to its free space, and take the backup again"))
    }

    /// Clears a snapshot wherever some of it is.
    pub(super) async fn clear(&self, present: &Present<'a>, tag: &Tag) -> Result<(), Failure> {
        let listed = self.listed(present).await;
        let those: Vec<Id> = (listed.iter())
            .filter(|(_, listed)| self.may_have(listed.as_deref(), tag))
            .map(|(node, _)| *node)
            .collect();
        if those.is_empty() {
            return Ok(());
        }
        let stage = clear(&those, &self.keyspace, tag);
        let cleared = self.carry_out(present, &stage).await;
        let trouble = self.trouble(present, &cleared);
        let listed = self.listed(present).await;
        let left: Vec<&str> = (listed.iter())
            .filter(|(_, listed)| self.may_have(listed.as_deref(), tag))
            .filter_map(|(id, _)| present.nodes.get(id).map(|node| node.name.as_str()))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        let why = trouble.map_or_else(String::new, |failure| format!(": {}", failure.message));
        let message = format!(
            "the snapshot `{tag}` of the Cassandra `{}` may still be on `{}`{why}",
            self.name,
            left.join("`, `")
        );
        Err(
            Failure::new("database.cassandra.snapshot", message).hint(format!(
                "clear it there: `nodetool clearsnapshot -t {tag} {}`",
                self.keyspace
            )),
        )
    }

    /// Clears what attempts of this step left that were killed.
    pub(super) async fn clear_earlier(&self, present: &Present<'a>) -> Result<(), Failure> {
        let begin = format!("{}_", self.tags(Kind::Backup));
        let listed = self.listed(present).await;
        let ours = (listed.values().flatten().flatten())
            .filter(|one| one.keyspace == self.keyspace.as_str() && one.tag.starts_with(&begin));
        let tags: BTreeSet<Tag> = ours.filter_map(|one| one.tag.parse().ok()).collect();
        for tag in tags {
            self.clear(present, &tag).await?;
        }
        Ok(())
    }

    /// How much of a snapshot each node has.
    pub(super) async fn has(
        &self,
        present: &Present<'a>,
        tables: &[Table],
        tag: &Tag,
    ) -> BTreeMap<Id, Has> {
        let listed = self.listed(present).await.into_iter();
        let of = |(node, listed): (Id, Option<Vec<Snapshot>>)| {
            let has = listed.map(|listed| has(&listed, &self.keyspace, tag, tables));
            (node, has.unwrap_or(Has::Unknown))
        };
        listed.map(of).collect()
    }

    /// Whether a node may have some of a snapshot: one that does not answer may.
    fn may_have(&self, listed: Option<&[Snapshot]>, tag: &Tag) -> bool {
        listed.is_none_or(|listed| listed.iter().any(|one| one.is(&self.keyspace, tag)))
    }

    /// What each node lists; nothing where it does not answer.
    async fn listed(&self, present: &Present<'a>) -> BTreeMap<Id, Option<Vec<Snapshot>>> {
        let asking = present
            .nodes
            .iter()
            .map(|(id, node)| async move { (*id, self.listed_on(node).await.ok()) });
        join_all(asking).await.into_iter().collect()
    }

    async fn listed_on(&self, node: &CassandraNode) -> Result<Vec<Snapshot>, Failure> {
        let told = self.ask(node, &SNAPSHOTS).await?;
        snapshots(&told).map_err(|error| self.unreadable(node, error))
    }
}
