//! The tables whose rows an export leaves behind, with how many rows those are.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Era, Fate, fate};
use crate::host::cassandra::Name;
use crate::host::cassandra::answers::Table;

/// A table whose rows stay behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Omitted {
    /// The table.
    pub table: Name,
    /// Why.
    pub fate: Fate,
    /// How many rows; nothing where they were not counted.
    pub rows: Option<u64>,
}

/// The tables whose rows an export by a Kong of that era leaves behind. Those that are known to be empty are left out.
#[must_use]
pub fn omitted(tables: &[Table], rows: &BTreeMap<Name, u64>, era: Era) -> Vec<Omitted> {
    let one = |table: &Table| Omitted {
        table: table.name.clone(),
        fate: fate(table, era),
        rows: rows.get(&table.name).copied(),
    };
    let stays = |one: &Omitted| one.fate.loses_rows() && one.rows != Some(0);
    let mut omitted: Vec<Omitted> = tables.iter().map(one).filter(stays).collect();
    omitted.sort_by(|left, right| (left.fate, &left.table).cmp(&(right.fate, &right.table)));
    omitted
}

impl fmt::Display for Omitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rows {
            Some(1) => write!(f, "`{}` (1 row): ", self.table)?,
            Some(rows) => write!(f, "`{}` ({rows} rows): ", self.table)?,
            None => write!(f, "`{}` (rows not counted): ", self.table)?,
        }
        f.write_str(self.fate.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::host::cassandra::Id;

    fn table(name: &str) -> Table {
        Table {
            name: name.parse().expect("a name"),
            id: Id::new(1),
            is_counter: name.ends_with("_metrics") || name == "own_counters",
        }
    }

    fn told(names: &[&str], rows: &[(&str, u64)], era: Era) -> Vec<String> {
        let tables: Vec<Table> = names.iter().map(|name| table(name)).collect();
        let rows = rows
            .iter()
            .map(|(name, rows)| (name.parse().expect("a name"), *rows));
        omitted(&tables, &rows.collect(), era)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn what_stays_behind_is_told_with_its_rows() {
        let names = [
            "services",
            "sessions",
            "ratelimiting_metrics",
            "rbac_users",
            "own",
            "own_counters",
            "schema_meta",
            "locks",
            "cluster_ca",
        ];
        let rows = [
            ("sessions", 1),
            ("ratelimiting_metrics", 5000),
            ("rbac_users", 2),
            ("own_counters", 3),
            ("cluster_ca", 0),
        ];
        let read = [
            "`own_counters` (3 rows): counters are not exported: limits begin at nothing again",
            "`ratelimiting_metrics` (5000 rows): counters are not exported: limits begin at nothing again",
            "`sessions` (1 row): sessions are not exported: people sign in again",
            "`rbac_users` (2 rows): tables of the Enterprise edition are not exported: ask the vendor how they are moved",
            "`own` (rows not counted): the table is not known here: find out which plugin has it, and whether it is exported",
        ];
        assert_eq!(told(&names, &rows, Era::Three), read);
    }

    #[test]
    fn the_era_decides_about_sessions_and_codes() {
        let names = ["sessions", "oauth2_authorization_codes", "oauth2_tokens"];
        assert_eq!(told(&names, &[], Era::Two), [""; 0]);
        assert_eq!(told(&names, &[], Era::Three).len(), 2);
    }

    #[test]
    fn every_fate_says_what_it_means() {
        let kong = [
            "acls",
            "tags",
            "locks",
            "ratelimiting_metrics",
            "sessions",
            "oauth2_authorization_codes",
            "cluster_ca",
            "vitals_locks",
            "x",
        ];
        let mut fates: Vec<Fate> = kong
            .iter()
            .map(|name| fate(&table(name), Era::Three))
            .collect();
        fates.dedup();
        assert_eq!(fates.len(), kong.len());
        assert!(fates.iter().all(|fate| !fate.meaning().is_empty()));
    }
}
