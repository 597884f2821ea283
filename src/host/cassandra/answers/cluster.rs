//! What the cluster is, and whether its nodes have one schema: `nodetool describecluster`. After `DescribeCluster.java` of 2.2.19, 3.0.28,
//! 3.11.14, 4.0.7 and 4.1.0, and `StorageProxy.describeSchemaVersions`; versions of nodes are told from 4.0 on.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::host::cassandra::Id;

/// The question what the cluster is.
pub const CLUSTER: [&str; 2] = ["nodetool", "describecluster"];

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// What finds a row's token: tokens of another one mean something else.
    pub partitioner: String,
    /// Which nodes have which schema, by their addresses.
    pub schemas: BTreeMap<Id, Vec<String>>,
    /// The nodes that did not say which they have.
    pub unreachable: Vec<String>,
    /// Which nodes run which version; empty before 4.0. With ports.
    pub releases: BTreeMap<String, Vec<String>>,
}

/// An answer that does not tell what the cluster is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// Something is not said.
    #[error("the answer of `nodetool describecluster` does not say the {0}")]
    Missing(&'static str),
    /// A line is not of the form.
    #[error(
        "line {line} of the answer of `nodetool describecluster` tells of no version: `{text}`"
    )]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

/// Which list a line stands in.
enum List {
    Facts,
    Schemas,
    Releases,
    Others,
}

impl Cluster {
    /// Reads the answer to [`CLUSTER`].
    pub fn of(answer: &str) -> Result<Self, ClusterError> {
        let (mut name, mut partitioner) = (None, None);
        let (mut schemas, mut unreachable) = (BTreeMap::new(), Vec::new());
        let mut releases = BTreeMap::new();
        let mut list = List::Facts;
        for (text, line) in answer.lines().zip(1..).filter(|(text, _)| !text.is_empty()) {
            let no = || ClusterError::Line {
                line,
                text: text.to_owned(),
            };
            match list {
                _ if text == "\tSchema versions:" => list = List::Schemas,
                _ if text == "Database versions:" => list = List::Releases,
                _ if !text.starts_with('\t') => list = List::Others,
                List::Facts => {
                    let value = |field| text.strip_prefix(field).map(str::to_owned);
                    name = name.or_else(|| value("\tName: "));
                    partitioner = partitioner.or_else(|| value("\tPartitioner: "));
                }
                List::Schemas => match of_version(text).ok_or_else(no)? {
                    ("UNREACHABLE", nodes) => unreachable.extend(nodes),
                    (version, nodes) => {
                        let version = version.parse().map_err(|_| no())?;
                        schemas.insert(version, nodes);
                    }
                },
                List::Releases => {
                    let (version, nodes) = of_version(text).ok_or_else(no)?;
                    releases.insert(version.to_owned(), nodes);
                }
                List::Others => {}
            }
            // The heading of the whole answer stands before the facts.
            if text == "Cluster Information:" {
                list = List::Facts;
            }
        }
        if schemas.is_empty() && unreachable.is_empty() {
            return Err(ClusterError::Missing("schemas"));
        }
        Ok(Self {
            name: name.ok_or(ClusterError::Missing("name"))?,
            partitioner: partitioner.ok_or(ClusterError::Missing("partitioner"))?,
            schemas,
            unreachable,
            releases,
        })
    }
}

/// `5b2c…: [10.0.0.1, 10.0.0.2]`, behind tabs.
fn of_version(text: &str) -> Option<(&str, Vec<String>)> {
    let (version, nodes) = text.trim_start().split_once(": [")?;
    let nodes = nodes.strip_suffix(']')?;
    Some((version, nodes.split(", ").map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &str =
        include_str!("../../../../tests/fixtures/cassandra/describecluster-3.11.txt");
    const FOUR: &str = include_str!("../../../../tests/fixtures/cassandra/describecluster-4.1.txt");

    fn list(nodes: &[&str]) -> Vec<String> {
        nodes.iter().map(|&node| node.to_owned()).collect()
    }

    #[test]
    fn a_node_that_does_not_answer_is_told() {
        let read = Cluster {
            name: "Kong: live".to_owned(),
            partitioner: "org.apache.cassandra.dht.Murmur3Partitioner".to_owned(),
            schemas: [(Id::new(0xa1), list(&["10.0.0.1", "10.0.0.2"]))].into(),
            unreachable: list(&["10.0.1.1"]),
            releases: BTreeMap::new(),
        };
        assert_eq!(Cluster::of(THREE), Ok(read));
    }

    #[test]
    fn versions_of_nodes_are_told_from_four_on() {
        let read = Cluster::of(FOUR).expect("read");
        let releases = [
            ("4.0.7".to_owned(), list(&["127.0.0.2:7000"])),
            ("4.1.0".to_owned(), list(&["127.0.0.1:7000"])),
        ];
        assert_eq!(read.releases, releases.into());
    }

    #[test]
    fn other_answers_are_errors() {
        assert_eq!(Cluster::of(""), Err(ClusterError::Missing("schemas")));
        let nameless = THREE.replace("\tName", "\tNome");
        assert_eq!(Cluster::of(&nameless), Err(ClusterError::Missing("name")));
        let broken = THREE.replace("UNREACHABLE: [", "UNREACHABLE [");
        let text = "\t\tUNREACHABLE [10.0.1.1]".to_owned();
        assert_eq!(
            Cluster::of(&broken),
            Err(ClusterError::Line { line: 9, text })
        );
    }
}
