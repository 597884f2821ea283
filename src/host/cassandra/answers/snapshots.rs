//! Which snapshots a node has: `nodetool listsnapshots`. After `ListSnapshots.java` and `SnapshotDetailsTabularData.java` of 2.2.19, 3.0.28,
//! 3.11.14, 4.0.7 and 4.1.0.
//!
//! Three layouts: fixed widths with nothing between (2.2, and 3.0 before 3.0.16), fixed widths with a blank between (3.0 after), widths by
//! content (3.11 on); 4.1 adds when a snapshot was made and when it ends. In the first a long name shifts or hides what follows, so a line
//! is taken only if each field begins where the heading's does. A node lists the snapshots of tables that it has; only 4.1 also those of
//! dropped ones.

use serde::Serialize;

use super::scan::{columns, fields};
use crate::host::cassandra::{Name, Size, Tag};

/// The question for a node's snapshots.
pub const SNAPSHOTS: [&str; 2] = ["nodetool", "listsnapshots"];

/// The headings that are always there.
const HEADINGS: [&str; 5] = [
    "Snapshot name",
    "Keyspace name",
    "Column family name",
    "True size",
    "Size on disk",
];

/// A table's part of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// The snapshot's name. It may be anybody's, so it is not a [`Tag`] of ours.
    pub tag: String,
    /// The keyspace.
    pub keyspace: String,
    /// The table.
    pub table: String,
    /// The bytes that only the snapshot still holds: what clearing it would free.
    pub true_size: Size,
    /// The bytes of all its files, also of those that the table still has.
    pub size_on_disk: Size,
}

/// An answer that does not tell of snapshots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `nodetool listsnapshots` tells of no snapshot: `{text}`")]
pub struct SnapshotsError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl Snapshot {
    /// Whether it is of the keyspace and has the tag.
    #[must_use]
    pub fn is(&self, keyspace: &Name, tag: &Tag) -> bool {
        self.keyspace == keyspace.as_str() && self.tag == tag.as_str()
    }
}

/// Reads the answer to [`SNAPSHOTS`].
pub fn snapshots(answer: &str) -> Result<Vec<Snapshot>, SnapshotsError> {
    let mut lines = answer.lines().zip(1..);
    let no = |(text, line): (&str, usize)| SnapshotsError {
        line,
        text: text.to_owned(),
    };
    let first = lines.next().unwrap_or_default();
    if first.0.trim_end() != "Snapshot Details:" {
        return Err(no(first));
    }
    let head = lines.next().unwrap_or_default();
    if head.0 == "There are no snapshots" {
        return Ok(vec![]);
    }
    let starts = columns(head.0, &HEADINGS).ok_or_else(|| no(head))?;
    let mut snapshots = Vec::new();
    for (text, line) in lines.by_ref() {
        if text.is_empty() {
            break;
        }
        snapshots.push(snapshot(text, &starts).ok_or_else(|| no((text, line)))?);
    }
    // The sum is printed last; without it the answer was cut off.
    let sum = lines.next().unwrap_or_default();
    let is_whole = sum.0.starts_with("Total TrueDiskSpaceUsed: ");
    is_whole.then_some(snapshots).ok_or_else(|| no(sum))
}

fn snapshot(text: &str, starts: &[usize]) -> Option<Snapshot> {
    let fields = fields(text, starts)?;
    let [tag, keyspace, table, true_size, size_on_disk] = fields.try_into().ok()?;
    // Behind the fifth, 4.1 has two more.
    let words: Vec<&str> = size_on_disk.split(' ').take(2).collect();
    Some(Snapshot {
        tag,
        keyspace,
        table,
        true_size: Size::of(&true_size)?,
        size_on_disk: Size::of(&words.join(" "))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = include_str!("../../../../tests/fixtures/cassandra/listsnapshots-2.2.txt");
    const THREE: &str = include_str!("../../../../tests/fixtures/cassandra/listsnapshots-3.0.txt");
    const TABLE: &str = include_str!("../../../../tests/fixtures/cassandra/listsnapshots-3.11.txt");
    const FOUR: &str = include_str!("../../../../tests/fixtures/cassandra/listsnapshots-4.1.txt");

    fn snapshot(tag: &str, table: &str, true_size: &str, size_on_disk: &str) -> Snapshot {
        Snapshot {
            tag: tag.to_owned(),
            keyspace: "kong".to_owned(),
            table: table.to_owned(),
            true_size: Size::of(true_size).expect("a size"),
            size_on_disk: Size::of(size_on_disk).expect("a size"),
        }
    }

    #[test]
    fn all_layouts_are_read() {
        let tag = "kong_20261130T065739";
        let counters = "response_ratelimiting_metrics";
        let read = [
            snapshot(tag, "services", "0 bytes", "5.15 KiB"),
            snapshot(tag, counters, "1.18 KiB", "6.28 KiB"),
            snapshot("my own", "services", "4.86 KiB", "5.15 KiB"),
        ];
        for answer in [TWO, THREE, TABLE, FOUR] {
            assert_eq!(snapshots(answer).as_deref(), Ok(&read[..]), "{answer}");
        }
        let (kong, tag) = ("kong".parse().expect("a name"), tag.parse().expect("a tag"));
        assert!(read[0].is(&kong, &tag) && !read[2].is(&kong, &tag));
    }

    #[test]
    fn none_are_none() {
        let answer = "Snapshot Details: \nThere are no snapshots";
        assert_eq!(snapshots(answer), Ok(vec![]));
    }

    #[test]
    fn a_name_that_runs_into_the_next_is_an_error() {
        for (tag, longer) in [
            ("kong_20261130T065739", "kong_20261130T0657391"),
            ("services  ", "oauth2_authorization_codes_of_all"),
        ] {
            let shifted = TWO.replacen(tag, longer, 1);
            let error = snapshots(&shifted).expect_err("refused");
            assert_eq!(error.line, 3, "{shifted}");
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let (before, _) = TABLE.split_once("\nTotal").expect("a sum");
        assert_eq!(snapshots(before).expect_err("refused").line, 0);
        assert_eq!(snapshots("").expect_err("refused").line, 0);
        let other = "nodetool: Failed to connect";
        assert_eq!(snapshots(other).expect_err("refused").line, 1);
    }
}
