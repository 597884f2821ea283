//! The snapshots: on all nodes at nearly the same time, or, where some failed, on none.

use crate::host::cassandra::answers;
use crate::host::cassandra::plan::{Order, Proof, Purpose, Stage, Step};
use crate::host::cassandra::{Id, Name, Tag};

/// The stages that make the snapshot on `nodes`. The writers have to be quiet: the snapshots are near to one moment, not of one.
#[must_use]
pub fn snapshot(nodes: &[Id], keyspace: &Name, tag: &Tag) -> [Stage; 2] {
    let all = |vector: &[String]| nodes.iter().map(|node| Step::run(*node, vector)).collect();
    [
        Stage {
            purpose: Purpose::Flush,
            order: Order::Together,
            steps: all(&answers::flush(keyspace)),
            proof: Proof::Repeatable,
        },
        Stage {
            purpose: Purpose::Snapshot,
            order: Order::Together,
            steps: all(&answers::take(keyspace, tag)),
            proof: Proof::Snapshots,
        },
    ]
}

/// The stage that removes the snapshot from `nodes`, by its tag.
#[must_use]
pub fn clear(nodes: &[Id], keyspace: &Name, tag: &Tag) -> Stage {
    let vector = answers::clear(keyspace, tag);
    Stage {
        purpose: Purpose::Clear,
        order: Order::Together,
        steps: nodes
            .iter()
            .map(|node| Step::run(*node, vector.as_slice()))
            .collect(),
        proof: Proof::Snapshots,
    }
}
