//! The vectors of what nodetool is to do on a node. After `Flush.java`, `Snapshot.java`, `ClearSnapshot.java`, `Refresh.java` and `Repair.java`
//! of 2.2.19 to 4.1.0.

use crate::host::cassandra::{Name, Tag};

/// Writes what a node holds in memory to its files. A snapshot does so itself; done before, the snapshots of all nodes are quick and so
/// nearer to one moment.
#[must_use]
pub fn flush(keyspace: &Name) -> [String; 3] {
    ["nodetool", "flush", keyspace.as_str()].map(str::to_owned)
}

/// Makes a snapshot of all tables of the keyspace on a node.
#[must_use]
pub fn take(keyspace: &Name, tag: &Tag) -> [String; 5] {
    [
        "nodetool",
        "snapshot",
        "-t",
        tag.as_str(),
        keyspace.as_str(),
    ]
    .map(str::to_owned)
}

/// Removes the snapshot of that tag. There is no vector without a tag: up to 3.11 it would remove all snapshots, also those of others.
#[must_use]
pub fn clear(keyspace: &Name, tag: &Tag) -> [String; 5] {
    [
        "nodetool",
        "clearsnapshot",
        "-t",
        tag.as_str(),
        keyspace.as_str(),
    ]
    .map(str::to_owned)
}

/// Takes the files that were put into the table's directory. It says nothing and exits 0 also where it found none, and up to 3.11 where one
/// could not be read: only the rows tell.
#[must_use]
pub fn refresh(keyspace: &Name, table: &Name) -> [String; 4] {
    ["nodetool", "refresh", keyspace.as_str(), table.as_str()].map(str::to_owned)
}

/// Makes the replicas of a node's rows equal. In full: by itself a repair from 2.2 on looks only at what was not repaired yet.
#[must_use]
pub fn repair(keyspace: &Name) -> [String; 4] {
    ["nodetool", "repair", "--full", keyspace.as_str()].map(str::to_owned)
}

/// Sends the SSTables in `directory`, which ends in `<keyspace>/<table>`, to the nodes that they belong to now.
#[must_use]
pub fn load(addresses: &[String], directory: &str) -> [String; 5] {
    let nodes = addresses.join(",");
    [
        "sstableloader",
        "--no-progress",
        "--nodes",
        &nodes,
        directory,
    ]
    .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_exact() {
        let (kong, tag) = (
            "kong".parse().expect("a name"),
            "kong_1".parse().expect("a tag"),
        );
        assert_eq!(flush(&kong), ["nodetool", "flush", "kong"]);
        assert_eq!(
            take(&kong, &tag),
            ["nodetool", "snapshot", "-t", "kong_1", "kong"]
        );
        assert_eq!(
            clear(&kong, &tag),
            ["nodetool", "clearsnapshot", "-t", "kong_1", "kong"]
        );
        assert_eq!(
            refresh(&kong, &kong),
            ["nodetool", "refresh", "kong", "kong"]
        );
        assert_eq!(repair(&kong), ["nodetool", "repair", "--full", "kong"]);
        let vector = [
            "sstableloader",
            "--no-progress",
            "--nodes",
            "a,b",
            "/x/kong/services",
        ];
        assert_eq!(
            load(&["a".to_owned(), "b".to_owned()], "/x/kong/services"),
            vector
        );
    }
}
