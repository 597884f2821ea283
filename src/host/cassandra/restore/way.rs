//! Which way a backup can be brought back: by comparing the tokens of the nodes that it is of with those that are there now.
//!
//! A node's files hold the rows of its tokens. Where the same tokens are together on a node as then, its files are put there and taken;
//! whether that node has the same id does not matter, so one that was replaced with its tokens counts as the same. In any other ring each
//! row has to be sent to where it belongs now.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::host::cassandra::Id;
use crate::host::cassandra::backup::{Manifest, Seen};

/// Which way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Files are put where they were. For each node of the backup, the one that has its tokens now.
    Refill(BTreeMap<Id, Id>),
    /// Rows are sent to where they belong now, with `sstableloader`.
    Load,
    /// Neither.
    None(Vec<Obstacle>),
}

/// Why a backup cannot be brought back into a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The cluster finds the tokens of rows in another way.
    Partitioner(String),
    /// Its Cassandra does not read files of these versions.
    Version {
        /// Those of the files.
        files: BTreeSet<String>,
        /// The cluster's.
        release: String,
    },
    /// Nobody was asked.
    NoNode,
}

/// Which way, for the cluster that was seen; it has to be [ready](crate::host::cassandra::backup::unready).
#[must_use]
pub fn way(manifest: &Manifest, seen: &[Seen]) -> Way {
    let Some(first) = seen.first() else {
        return Way::None(vec![Obstacle::NoNode]);
    };
    let mut obstacles = Vec::new();
    if first.cluster.partitioner != manifest.partitioner {
        obstacles.push(Obstacle::Partitioner(first.cluster.partitioner.clone()));
    }
    let pairs = pairs(manifest, seen);
    let is_same = pairs.len() == manifest.nodes.len() && pairs.len() == seen.len();
    let files = versions(manifest);
    let reads = |version: &String| {
        let release = &first.release;
        if is_same {
            release.opens(version)
        } else {
            release.streams(version)
        }
    };
    let unread: BTreeSet<String> = files
        .into_iter()
        .filter(|version| !reads(version))
        .collect();
    if !unread.is_empty() {
        obstacles.push(Obstacle::Version {
            files: unread,
            release: first.release.to_string(),
        });
    }
    match (obstacles.is_empty(), is_same) {
        (false, _) => Way::None(obstacles),
        (true, true) => Way::Refill(pairs),
        (true, false) => Way::Load,
    }
}

/// For each node of the backup, the one with exactly its tokens.
fn pairs(manifest: &Manifest, seen: &[Seen]) -> BTreeMap<Id, Id> {
    let now: BTreeMap<&BTreeSet<String>, Id> = seen
        .iter()
        .map(|one| (&one.information.tokens, one.information.host))
        .collect();
    let kept = manifest
        .nodes
        .iter()
        .filter(|(_, node)| !node.tokens.is_empty());
    kept.filter_map(|(host, node)| Some((*host, *now.get(&node.tokens)?)))
        .collect()
}

/// The versions of the tables' SSTables.
fn versions(manifest: &Manifest) -> BTreeSet<String> {
    let files = manifest
        .files()
        .filter_map(|(source, _)| source.place.of_table());
    files.map(|file| file.sstable.version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::host::cassandra::sample::{cluster, manifest};

    #[test]
    fn the_same_tokens_are_the_same_nodes() {
        let same = [(Id::new(1), Id::new(1)), (Id::new(2), Id::new(2))].into();
        assert_eq!(way(&manifest(2), &cluster(2)), Way::Refill(same));
        let mut replaced = cluster(2);
        replaced[1].information.host = Id::new(9);
        let paired = [(Id::new(1), Id::new(1)), (Id::new(2), Id::new(9))].into();
        assert_eq!(way(&manifest(2), &replaced), Way::Refill(paired));
    }

    #[test]
    fn another_ring_is_loaded() {
        assert_eq!(way(&manifest(2), &cluster(3)), Way::Load);
        assert_eq!(way(&manifest(3), &cluster(2)), Way::Load);
        let mut moved = cluster(2);
        moved[1].information.tokens.insert("77".to_owned());
        assert_eq!(way(&manifest(2), &moved), Way::Load);
        let mut swapped = cluster(2);
        swapped[0].information.tokens = ["1", "-2"].map(str::to_owned).into();
        swapped[1].information.tokens = ["2", "-1"].map(str::to_owned).into();
        assert_eq!(way(&manifest(2), &swapped), Way::Load);
    }

    #[test]
    fn what_cannot_be_read_is_no_way() {
        let mut other = cluster(1);
        other[0].cluster.partitioner = "RandomPartitioner".to_owned();
        let obstacle = Obstacle::Partitioner("RandomPartitioner".to_owned());
        assert_eq!(way(&manifest(1), &other), Way::None(vec![obstacle]));
        let mut newer = cluster(2);
        for one in &mut newer {
            one.release = "4.1.0".parse().expect("a version");
        }
        assert!(matches!(way(&manifest(2), &newer), Way::Refill(_)));
        let obstacle = Obstacle::Version {
            files: ["mc".to_owned()].into(),
            release: "4.1.0".to_owned(),
        };
        assert_eq!(way(&manifest(1), &newer), Way::None(vec![obstacle]));
        assert_eq!(way(&manifest(1), &[]), Way::None(vec![Obstacle::NoNode]));
    }
}
