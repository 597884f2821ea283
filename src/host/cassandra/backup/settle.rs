//! Whether the snapshots were made: from what the nodes list, since a call that was cut off may have gone on, and one that failed may have
//! made some of its tables' parts, which then stand in the way of a second try with the same tag.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::host::cassandra::answers::{Snapshot, Table};
use crate::host::cassandra::{Id, Name, Tag};

/// How much of a snapshot a node has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Has {
    /// All of it.
    All,
    /// Some tables' parts.
    Part {
        /// The tables whose part is missing.
        missing: BTreeSet<Name>,
    },
    /// Nothing.
    None,
    /// It did not answer.
    Unknown,
}

/// What holds for all nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All have all of it: it took effect.
    All,
    /// None has any of it: it did not take effect.
    None,
    /// Some have some: it is to be cleared on those, and begun again with another tag.
    Some {
        /// Those that have some.
        clear: Vec<Id>,
        /// Those that did not answer. Where one is, its part stays until it answers.
        unknown: Vec<Id>,
    },
}

/// How much of the snapshot is in what a node lists. A table without rows has its part too, an empty one.
#[must_use]
pub fn has(listed: &[Snapshot], keyspace: &Name, tag: &Tag, tables: &[Table]) -> Has {
    let parts: BTreeSet<&str> = listed
        .iter()
        .filter(|one| one.is(keyspace, tag))
        .map(|one| one.table.as_str())
        .collect();
    let missing: BTreeSet<Name> = tables
        .iter()
        .filter(|table| !parts.contains(table.name.as_str()))
        .map(|table| table.name.clone())
        .collect();
    match (parts.is_empty(), missing.is_empty()) {
        (true, _) => Has::None,
        (false, true) => Has::All,
        (false, false) => Has::Part { missing },
    }
}

/// What follows from what each node has.
#[must_use]
pub fn verdict(nodes: &BTreeMap<Id, Has>) -> Verdict {
    let those = |is: fn(&Has) -> bool| -> Vec<Id> {
        let those = nodes.iter().filter(|(_, has)| is(has));
        those.map(|(node, _)| *node).collect()
    };
    let clear = those(|has| matches!(has, Has::All | Has::Part { .. }));
    let unknown = those(|has| *has == Has::Unknown);
    let has_all = !nodes.is_empty() && nodes.values().all(|has| *has == Has::All);
    if has_all {
        Verdict::All
    } else if clear.is_empty() && unknown.is_empty() {
        Verdict::None
    } else {
        Verdict::Some { clear, unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::host::cassandra::Size;
    use crate::host::cassandra::sample::tables;

    fn part(tag: &str, keyspace: &str, table: &str) -> Snapshot {
        Snapshot {
            tag: tag.to_owned(),
            keyspace: keyspace.to_owned(),
            table: table.to_owned(),
            true_size: Size::of("0 bytes").expect("a size"),
            size_on_disk: Size::of("13 bytes").expect("a size"),
        }
    }

    fn of(listed: &[Snapshot]) -> Has {
        let (kong, tag) = (
            "kong".parse().expect("a name"),
            "kong_1".parse().expect("a tag"),
        );
        has(listed, &kong, &tag, &tables(1))
    }

    #[test]
    fn only_parts_of_this_snapshot_count() {
        let mut listed: Vec<Snapshot> = tables(1)
            .iter()
            .map(|table| part("kong_1", "kong", table.name.as_str()))
            .collect();
        assert_eq!(of(&listed), Has::All);
        let routes = listed.remove(1);
        let missing = ["routes".parse().expect("a name")].into();
        assert_eq!(of(&listed), Has::Part { missing });
        assert_eq!(
            of(&[
                part("kong_2", "kong", "routes"),
                part("kong_1", "other", "routes")
            ]),
            Has::None
        );
        assert!(matches!(of(&[routes]), Has::Part { .. }));
        assert_eq!(of(&[]), Has::None);
    }

    #[test]
    fn no_node_is_no_backup() {
        assert_eq!(verdict(&BTreeMap::new()), Verdict::None);
    }
}
