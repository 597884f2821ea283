//! What a migration changed, row by row, as a person reads it: `/a` became `~/a`. Pure.
//!
//! Values are shown of columns that hold no secrets; of the others only that they changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Rows by table, key and column, of columns that hold no secrets. [`OTHER`] stands for all other columns of a row.
pub type VisibleRows = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

/// The columns whose values may be shown: names, and what decides which requests go where.
pub const VISIBLE: [&str; 14] = [
    "name",
    "username",
    "host",
    "hosts",
    "port",
    "path",
    "paths",
    "path_handling",
    "protocol",
    "protocols",
    "methods",
    "regex_priority",
    "strip_path",
    "enabled",
];

/// The place of a digest over the columns whose values are not shown.
pub const OTHER: &str = "(other columns)";

/// How many changes are named; the others are counted.
const NAMED: usize = 50;

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// How many rows are new, other or gone.
    pub rows: u64,
    /// The first of them, one line a row.
    pub named: Vec<String>,
}

impl Changes {
    /// What is different in `after`.
    #[must_use]
    pub fn between(before: &VisibleRows, after: &VisibleRows) -> Self {
        let nothing = BTreeMap::new();
        let tables: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let lines = tables.into_iter().flat_map(|table| {
            let (old, new) = (
                before.get(table).unwrap_or(&nothing),
                after.get(table).unwrap_or(&nothing),
            );
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let line = move |key: &String| line(table, key, old.get(key), new.get(key));
            keys.into_iter().filter_map(line)
        });
        let mut changes = Self::default();
        for line in lines {
            changes.rows += 1;
            if changes.named.len() < NAMED {
                changes.named.push(line);
            }
        }
        changes
    }
}

/// How a row changed, if it did.
fn line(
    table: &str,
    key: &str,
    old: Option<&BTreeMap<String, String>>,
    new: Option<&BTreeMap<String, String>>,
) -> Option<String> {
    let called = |row: &BTreeMap<String, String>| {
        let name = row.get("name").or_else(|| row.get("username"));
        format!("{table} {}", name.map_or(key, String::as_str))
    };
    match (old, new) {
        (None, None) => None,
        (None, Some(new)) => Some(format!("+ {}", called(new))),
        (Some(old), None) => Some(format!("- {}", called(old))),
        (Some(old), Some(new)) => {
            let columns: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let changed = |column: &String| {
                let (old, new) = (old.get(column), new.get(column));
                if old == new {
                    return None;
                }
                if column == OTHER {
                    return Some(OTHER.to_owned());
                }
                let shown =
                    |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
                Some(format!("{column} {} → {}", shown(old), shown(new)))
            };
            let changed: Vec<String> = columns.into_iter().filter_map(changed).collect();
            (!changed.is_empty()).then(|| format!("~ {}: {}", called(old), changed.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(&str, &str, &str, &str)]) -> VisibleRows {
        let mut visible = VisibleRows::new();
        for (table, key, column, value) in rows {
            visible
                .entry((*table).to_owned())
                .or_default()
                .entry((*key).to_owned())
                .or_default()
                .insert((*column).to_owned(), (*value).to_owned());
        }
        visible
    }

    #[test]
    fn a_path_that_becomes_a_pattern_is_shown_and_a_secret_is_not() {
        let before = rows(&[
            ("routes", "1", "name", "orders"),
            ("routes", "1", "paths", "[\"/a\\\\d\"]"),
            ("routes", "2", "paths", "[\"/b\"]"),
            ("keyauth_credentials", "3", OTHER, "digest of a key"),
        ]);
        let after = rows(&[
            ("routes", "1", "name", "orders"),
            ("routes", "1", "paths", "[\"~/a\\\\d\"]"),
            ("routes", "2", "paths", "[\"/b\"]"),
            ("keyauth_credentials", "3", OTHER, "digest of another"),
            ("vaults", "4", "name", "env"),
        ]);
        let changes = Changes::between(&before, &after);
        assert_eq!(changes.rows, 3);
        insta::assert_snapshot!(changes.named.join("\n"), @r#"
        ~ keyauth_credentials 3: (other columns)
        ~ routes orders: paths ["/a\\d"] → ["~/a\\d"]
        + vaults env
        "#);
        assert_eq!(Changes::between(&after, &after), Changes::default());
    }
}
