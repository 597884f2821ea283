//! What a backup holds: every file of the snapshot with its size and digest, and what is needed to know where it belongs.
//!
//! Invariant: equal backups have equal manifests byte by byte, whatever the order in which nodes and files were seen. So all is kept in
//! order, and the digest of a manifest can be held against the one in a journal.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::host::cassandra::answers::{Information, Release, Schema, Table};
use crate::host::cassandra::files::Place;
use crate::host::cassandra::plan::Source;
use crate::host::cassandra::{Digest, Id, Name, Tag};

/// A file that was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its bytes.
    pub size: u64,
    /// Their digest.
    pub digest: Digest,
}

/// The part of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFiles {
    /// Its address, as the other nodes knew it.
    pub address: String,
    /// Its datacenter.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// Its tokens.
    pub tokens: BTreeSet<String>,
    /// Its files by their data directory.
    pub data: BTreeMap<String, BTreeMap<Place, File>>,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of this manifest.
    pub format: u32,
    /// The cluster's name.
    pub cluster: String,
    /// What found the tokens of rows.
    pub partitioner: String,
    /// The version of Cassandra.
    pub release: Release,
    /// The keyspace.
    pub keyspace: Name,
    /// The snapshot's tag.
    pub tag: Tag,
    /// The statements that make the keyspace.
    pub schema: Schema,
    /// The tables.
    pub tables: BTreeSet<Table>,
    /// How many rows tables had, those that could be counted while nobody wrote.
    pub rows: BTreeMap<Name, u64>,
    /// The nodes.
    pub nodes: BTreeMap<Id, NodeFiles>,
}

impl Manifest {
    /// The form that is written now.
    pub const FORMAT: u32 = 1;

    /// The text that is kept, and whose digest is the backup's.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a manifest has only names for keys")
    }

    /// The backup's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    /// The tables of counters.
    pub fn counters(&self) -> impl Iterator<Item = &Name> {
        let counters = self.tables.iter().filter(|table| table.is_counter);
        counters.map(|table| &table.name)
    }

    /// Every file, with where it is of.
    pub fn files(&self) -> impl Iterator<Item = (Source, &File)> {
        self.nodes.iter().flat_map(|(node, files)| {
            files.data.iter().flat_map(|(data, files)| {
                files.iter().map(|(place, file)| {
                    let source = Source {
                        node: *node,
                        data: data.clone(),
                        place: place.clone(),
                    };
                    (source, file)
                })
            })
        })
    }

    /// Where each token was.
    #[must_use]
    pub fn token_map<'a>(&'a self) -> BTreeMap<&'a str, Id> {
        let of_node = |(host, node): (&Id, &'a NodeFiles)| {
            let host = *host;
            node.tokens.iter().map(move |token| (token.as_str(), host))
        };
        self.nodes.iter().flat_map(of_node).collect()
    }
}

impl NodeFiles {
    /// A node's part before any file of it is known.
    #[must_use]
    pub fn of(information: &Information, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            datacenter: information.datacenter.clone(),
            rack: information.rack.clone(),
            tokens: information.tokens.clone(),
            data: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    use crate::host::cassandra::sample::{COMPONENTS, information, manifest};

    #[test]
    fn the_digest_is_of_the_text() {
        let kept = manifest(1);
        assert_eq!(kept.digest(), Digest::of(kept.text().as_bytes()));
        let mut other = kept.clone();
        other
            .nodes
            .insert(Id::new(9), NodeFiles::of(&information(9), "10.0.0.9"));
        assert_ne!(kept.digest(), other.digest());
    }

    #[test]
    fn counters_and_files_are_told() {
        let kept = manifest(2);
        let counters: Vec<&str> = kept.counters().map(Name::as_str).collect();
        assert_eq!(counters, ["ratelimiting_metrics"]);
        assert_eq!(kept.files().count(), 2 * 3 * COMPONENTS.len());
        assert_eq!(kept.token_map()["-2"], Id::new(2));
    }

    #[test]
    fn other_texts_are_errors() {
        let text = manifest(1).text();
        for (part, other) in [
            ("/snapshots/kong_1/", "/snapshots/../../"),
            ("\"format\":1", "\"format\":1,\"more\":2"),
            ("\"keyspace\":\"kong\"", "\"keyspace\":\"a b\""),
            ("3.11.14", "three"),
        ] {
            assert!(text.contains(part), "{part}");
            let changed = text.replace(part, other);
            assert!(
                serde_json::from_str::<Manifest>(&changed).is_err(),
                "{part}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read(count in 0_u8..4, rows in prop::collection::btree_map("[a-z]{1,8}", any::<u64>(), 0..4)) {
            let mut kept = manifest(count);
            kept.rows = rows.into_iter().map(|(name, rows)| (name.parse().expect("a name"), rows)).collect();
            let read: Manifest = serde_json::from_str(&kept.text()).expect("read");
            prop_assert_eq!(read.text(), kept.text());
            prop_assert_eq!(read, kept);
        }
    }
}
