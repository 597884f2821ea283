//! A cluster for tests: nodes `10.0.0.1` and on, with three tables of Kong and an SSTable of each on every node.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{
    Cluster, Information, Liveness, Movement, NodeStatus, Schema, Streams, Table,
};
use super::backup::{File, Manifest, NodeFiles, Seen};
use super::files::Place;
use super::plan::Node;
use super::{Digest, Id};

/// The components of an SSTable.
pub(super) const COMPONENTS: [&str; 7] = [
    "Data.db",
    "Index.db",
    "Filter.db",
    "Statistics.db",
    "Summary.db",
    "Digest.crc32",
    "TOC.txt",
];

/// The names of the tables; counters first.
const TABLES: [&str; 3] = ["ratelimiting_metrics", "routes", "services"];

/// What `nodes` nodes say.
pub(super) fn cluster(nodes: u8) -> Vec<Seen> {
    let status: Vec<NodeStatus> = (1..=nodes).map(status).collect();
    let addresses = status.iter().map(|node| node.address.clone()).collect();
    let cluster = Cluster {
        name: "Kong".to_owned(),
        partitioner: "Murmur3Partitioner".to_owned(),
        schemas: [(Id::new(0xa1), addresses)].into(),
        unreachable: vec![],
        releases: BTreeMap::new(),
    };
    let seen = |digit: u8| Seen {
        information: information(digit),
        status: status.clone(),
        cluster: cluster.clone(),
        streams: Streams {
            mode: "NORMAL".to_owned(),
            plans: vec![],
        },
        release: "3.11.14".parse().expect("a version"),
    };
    (1..=nodes).map(seen).collect()
}

fn status(digit: u8) -> NodeStatus {
    NodeStatus {
        datacenter: "dc1".to_owned(),
        address: format!("10.0.0.{digit}"),
        liveness: Liveness::Up,
        movement: Movement::Normal,
        load: None,
        tokens: 2,
        owns: None,
        host: Some(Id::new(digit.into())),
        rack: "rack1".to_owned(),
    }
}

/// What the node of that digit says of itself.
pub(super) fn information(digit: u8) -> Information {
    Information {
        host: Id::new(digit.into()),
        datacenter: "dc1".to_owned(),
        rack: "rack1".to_owned(),
        gossips: true,
        takes_clients: true,
        tokens: [format!("{digit}"), format!("-{digit}")].into(),
    }
}

/// Those nodes, as a plan reaches them.
pub(super) fn nodes(count: u8) -> Vec<Node> {
    let node = |digit: u8| Node {
        host: Id::new(digit.into()),
        address: format!("10.0.0.{digit}"),
        data: vec!["/data".to_owned()],
    };
    (1..=count).map(node).collect()
}

/// The tables; their ids begin at `from`.
pub(super) fn tables(from: u128) -> Vec<Table> {
    let table = |(name, id): (&str, u128)| Table {
        name: name.parse().expect("a name"),
        id: Id::new(id),
        is_counter: name == TABLES[0],
    };
    TABLES.into_iter().zip(from..).map(table).collect()
}

/// A schema that makes the tables.
pub(super) fn schema() -> Schema {
    let made = TABLES.map(|name| format!("CREATE TABLE kong.{name} (id uuid PRIMARY KEY);\n"));
    let text = format!("CREATE KEYSPACE kong WITH x;\n{}", made.concat());
    Schema::of(&text).expect("a schema")
}

/// A backup of `count` nodes, an SSTable of each table on each.
pub(super) fn manifest(count: u8) -> Manifest {
    let node = |digit: u8| {
        let Information {
            host,
            datacenter,
            rack,
            tokens,
            ..
        } = information(digit);
        let files = tables(1).iter().flat_map(files).collect();
        let node = NodeFiles {
            address: format!("10.0.0.{digit}"),
            datacenter,
            rack,
            tokens,
            data: [("/data".to_owned(), files)].into(),
        };
        (host, node)
    };
    Manifest {
        format: Manifest::FORMAT,
        cluster: "Kong".to_owned(),
        partitioner: "Murmur3Partitioner".to_owned(),
        release: "3.11.14".parse().expect("a version"),
        keyspace: "kong".parse().expect("a name"),
        tag: "kong_1".parse().expect("a tag"),
        schema: schema(),
        tables: tables(1).into_iter().collect::<BTreeSet<_>>(),
        rows: tables(1).into_iter().map(|table| (table.name, 7)).collect(),
        nodes: (1..=count).map(node).collect(),
    }
}

fn files(table: &Table) -> Vec<(Place, File)> {
    let file = |component: &&str| {
        let directory = format!("{}-{}", table.name, table.id.digits());
        let place = format!("{directory}/snapshots/kong_1/mc-1-big-{component}");
        let file = File {
            size: 1,
            digest: Digest::of(component.as_bytes()),
        };
        (place.parse().expect("a place"), file)
    };
    COMPONENTS.iter().map(file).collect()
}
