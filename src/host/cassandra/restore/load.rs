//! Another ring: the SSTables of all nodes are sent to where their rows belong now. Each node's lie in a directory of their own, since SSTables
//! of two nodes have the same names.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::cassandra::answers::{self, Cqlsh, repair};
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::plan::{Act, Node, Order, Proof, Purpose, Stage, Step};
use crate::host::cassandra::{Id, Name};

/// What is sent, and to whom.
#[derive(Debug, Clone)]
pub struct Loading<'a> {
    /// The backup.
    pub manifest: &'a Manifest,
    /// The nodes now.
    pub nodes: &'a [Node],
    /// The node that sends, and gives statements.
    pub by: Id,
    /// An empty directory there, with room for the whole backup.
    pub directory: &'a str,
    /// How statements are given.
    pub cqlsh: &'a Cqlsh,
}

/// The stages, in order. The tables have to be there.
#[must_use]
pub fn load(what: &Loading<'_>) -> [Stage; 4] {
    let keyspace = &what.manifest.keyspace;
    let addresses: Vec<String> = what.nodes.iter().map(|node| node.address.clone()).collect();
    let tables: BTreeSet<&Name> = what
        .manifest
        .tables
        .iter()
        .map(|table| &table.name)
        .collect();
    let empty = tables
        .iter()
        .map(|table| Step::run(what.by, what.cqlsh.truncate(keyspace, table)));
    let mut directories = BTreeSet::new();
    let mut put = Vec::new();
    let mut disks: BTreeMap<(Id, String), usize> = BTreeMap::new();
    for (source, _) in what.manifest.files() {
        if source.place.of_table().is_none() {
            continue;
        }
        // A node's data directories can hold files of one name, too.
        let count = disks.len();
        let disk = disks
            .entry((source.node, source.data.clone()))
            .or_insert(count);
        let table = &source.place.directory.table;
        let directory = format!("{}/{disk}/{keyspace}/{table}", what.directory);
        let target = format!("{directory}/{}", source.place.file);
        directories.insert(directory);
        put.push(Step {
            node: what.by,
            act: Act::Put { source, target },
        });
    }
    let send = directories
        .iter()
        .map(|directory| Step::run(what.by, answers::load(&addresses, directory)));
    let repair = what
        .nodes
        .iter()
        .map(|node| Step::run(node.host, repair(keyspace)));
    let stage = |purpose, order, steps, proof| Stage {
        purpose,
        order,
        steps,
        proof,
    };
    [
        stage(
            Purpose::Truncate,
            Order::OneByOne,
            empty.collect(),
            Proof::Rows,
        ),
        stage(Purpose::Put, Order::Together, put, Proof::Files),
        stage(
            Purpose::Load,
            Order::OneByOne,
            send.collect(),
            Proof::Printed,
        ),
        stage(
            Purpose::Repair,
            Order::OneByOne,
            repair.collect(),
            Proof::Printed,
        ),
    ]
}
