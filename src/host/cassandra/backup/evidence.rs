//! What a node said of itself and of the cluster.

use crate::host::cassandra::answers::{Cluster, Information, NodeStatus, Release, Streams};

/// The answers of one node.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Of [`INFORMATION`](crate::host::cassandra::answers::INFORMATION).
    pub information: Information,
    /// Of [`status`](crate::host::cassandra::answers::status): how it sees all nodes.
    pub status: Vec<NodeStatus>,
    /// Of [`CLUSTER`](crate::host::cassandra::answers::CLUSTER).
    pub cluster: Cluster,
    /// Of [`STREAMS`](crate::host::cassandra::answers::STREAMS).
    pub streams: Streams,
    /// Of [`RELEASE`](crate::host::cassandra::answers::RELEASE).
    pub release: Release,
}
