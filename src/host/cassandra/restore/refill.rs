//! The same ring: tables are emptied while all nodes are up, files are put into the tables' current directories, each node takes them, one
//! node after the other, and then replicas are made equal.
//!
//! Emptied first, since deletions newer than the backup would otherwise hide its rows. Only files of tables are put, not those of indexes,
//! which a node builds anew when it takes the rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::cassandra::answers::{Cqlsh, Table, refresh, repair};
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::files::TableDirectory;
use crate::host::cassandra::plan::{Act, Node, Order, Proof, Purpose, Source, Stage, Step};
use crate::host::cassandra::{Id, Name};

/// What is brought back, and into what.
#[derive(Debug, Clone)]
pub struct Refill<'a> {
    /// The backup.
    pub manifest: &'a Manifest,
    /// For each node of the backup, the one that has its tokens now.
    pub pairs: &'a BTreeMap<Id, Id>,
    /// The nodes now.
    pub nodes: &'a [Node],
    /// The tables now.
    pub tables: &'a [Table],
    /// How statements are given.
    pub cqlsh: &'a Cqlsh,
    /// The node that they are given on.
    pub by: Id,
}

/// Why files cannot be put back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefillError {
    /// A table of the backup is not there.
    #[error("the table `{0}` is not there: it is to be created first")]
    NoTable(Name),
    /// A table holds counters now and did not then, or the other way round.
    #[error("the table `{0}` is of another kind than in the backup")]
    OtherKind(Name),
    /// A node of the backup has no counterpart.
    #[error("nobody has the tokens of the node `{0}`")]
    NoNode(Id),
    /// A node has no data directory.
    #[error("no data directory is known of the node `{0}`")]
    NoData(Id),
    /// Two files would get one path.
    #[error("two files of the backup would be put to `{0}`")]
    Twice(String),
}

/// The stages, in order.
pub fn refill(what: &Refill<'_>) -> Result<[Stage; 5], RefillError> {
    let keyspace = &what.manifest.keyspace;
    let tables = current(what)?;
    let empty = tables
        .keys()
        .map(|table| Step::run(what.by, what.cqlsh.truncate(keyspace, table)));
    let hosts: BTreeMap<Id, &Node> = what.nodes.iter().map(|node| (node.host, node)).collect();
    let mut look = BTreeSet::new();
    let mut targets = BTreeSet::new();
    let mut put = Vec::new();
    for (source, _) in what.manifest.files() {
        if source.place.of_table().is_none() {
            continue;
        }
        let no_node = || RefillError::NoNode(source.node);
        let now = what.pairs.get(&source.node).ok_or_else(no_node)?;
        let node = hosts.get(now).ok_or_else(no_node)?;
        let directory = tables
            .get(&source.place.directory.table)
            .ok_or_else(|| RefillError::NoTable(source.place.directory.table.clone()))?;
        let data = data(what.manifest, &source, node)?;
        let directory = format!("{data}/{keyspace}/{directory}");
        let target = format!("{directory}/{}", source.place.file);
        if !targets.insert((*now, target.clone())) {
            return Err(RefillError::Twice(target));
        }
        look.insert((*now, directory));
        put.push(Step {
            node: *now,
            act: Act::Put { source, target },
        });
    }
    let look = look
        .into_iter()
        .map(|(node, directory)| Step::run(node, files_in(&directory)));
    // Each node takes all its tables before the next begins, so that at most one is busy.
    let refresh = what.nodes.iter().flat_map(|node| {
        let table = |table| Step::run(node.host, refresh(keyspace, table));
        tables.keys().map(table).collect::<Vec<_>>()
    });
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
    Ok([
        stage(
            Purpose::Truncate,
            Order::OneByOne,
            empty.collect(),
            Proof::Rows,
        ),
        stage(Purpose::Look, Order::Together, look.collect(), Proof::Files),
        stage(Purpose::Put, Order::Together, put, Proof::Files),
        stage(
            Purpose::Refresh,
            Order::OneByOne,
            refresh.collect(),
            Proof::Rows,
        ),
        stage(
            Purpose::Repair,
            Order::OneByOne,
            repair.collect(),
            Proof::Printed,
        ),
    ])
}

/// The current directory of each table of the backup.
fn current(what: &Refill<'_>) -> Result<BTreeMap<Name, TableDirectory>, RefillError> {
    let kept = what.manifest.tables.iter();
    kept.map(|kept| {
        let name = kept.name.clone();
        let now = what.tables.iter().find(|table| table.name == name);
        let now = now.ok_or_else(|| RefillError::NoTable(name.clone()))?;
        if now.is_counter != kept.is_counter {
            return Err(RefillError::OtherKind(name));
        }
        let directory = TableDirectory {
            table: name.clone(),
            id: now.id,
        };
        Ok((name, directory))
    })
    .collect()
}

/// The data directory that a file gets: the same, or where the node has others now, the one in the same order.
fn data<'a>(manifest: &Manifest, source: &Source, node: &'a Node) -> Result<&'a str, RefillError> {
    if let Some(same) = node.data.iter().find(|data| **data == source.data) {
        return Ok(same);
    }
    let kept = manifest.nodes.get(&source.node);
    let at = kept.and_then(|kept| kept.data.keys().position(|data| *data == source.data));
    let count = node.data.len();
    let data = at.and_then(|at| node.data.get(at.checked_rem(count)?));
    data.map(String::as_str)
        .ok_or(RefillError::NoData(node.host))
}

/// The question which files of SSTables lie in a table's directory itself; its answer is for [`lying`].
#[must_use]
pub fn files_in(directory: &str) -> [String; 9] {
    let fixed = [
        "-maxdepth",
        "1",
        "-type",
        "f",
        "-name",
        "*-big-*.*",
        "-print0",
    ];
    let mut words = ["find", directory].into_iter().chain(fixed);
    std::array::from_fn(|_| words.next().unwrap_or_default().to_owned())
}

/// The files that lie there. Before anything is put there may be none: one of the same name would be lost, and one of another time taken.
#[must_use]
pub fn lying(answer: &str) -> Vec<&str> {
    answer.split_terminator('\0').collect()
}
