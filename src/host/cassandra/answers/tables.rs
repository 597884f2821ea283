//! The tables of a keyspace, with their ids, which stand in the names of their directories, and whether they hold counters. After
//! `schema/SchemaKeyspace.java` of 3.0.28 (`system_schema.tables`; 4.1 has the same columns) and `schema/LegacySchemaTables.java` and
//! `CreateTableStatement.java` of 2.2.19 (`system.schema_columnfamilies`, where a table of counters has them as its default type).

use serde::{Deserialize, Serialize};

use super::{Cqlsh, Release, RowsError, rows};
use crate::host::cassandra::{Id, Name};

/// What 2.2 calls the type of a counter.
const COUNTER: &str = "org.apache.cassandra.db.marshal.CounterColumnType";

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its id. It is another after the table was dropped and created again.
    pub id: Id,
    /// Whether its values are counters, which cannot be written, only added to.
    pub is_counter: bool,
}

/// An answer that does not tell of tables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TablesError {
    /// It is no rows at all.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// Two rows tell of one table.
    #[error("the table `{0}` is told of twice")]
    Twice(Name),
}

/// A row of either version.
#[derive(Deserialize)]
struct Row {
    #[serde(alias = "columnfamily_name")]
    table_name: Name,
    #[serde(alias = "cf_id")]
    id: Id,
    #[serde(default)]
    flags: Option<Vec<String>>,
    #[serde(default)]
    default_validator: Option<String>,
}

impl Cqlsh {
    /// The question for the tables of a keyspace.
    #[must_use]
    pub fn tables(&self, release: &Release, keyspace: &Name) -> Vec<String> {
        let from = if release.has_system_schema() {
            "SELECT JSON table_name, id, flags FROM system_schema.tables"
        } else {
            "SELECT JSON columnfamily_name, cf_id, default_validator FROM system.schema_columnfamilies"
        };
        self.vector(&format!("{from} WHERE keyspace_name = '{keyspace}'"))
    }
}

/// Reads the answer to [`Cqlsh::tables`], in the order of names.
pub fn tables(answer: &str) -> Result<Vec<Table>, TablesError> {
    let read: Vec<Row> = rows(answer)?;
    let table = |row: Row| {
        let has_flag = row.flags.iter().flatten().any(|flag| flag == "counter");
        Table {
            name: row.table_name,
            id: row.id,
            is_counter: has_flag || row.default_validator.as_deref() == Some(COUNTER),
        }
    };
    let mut tables: Vec<Table> = read.into_iter().map(table).collect();
    tables.sort();
    match tables.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(TablesError::Twice(pair[0].name.clone())),
        None => Ok(tables),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, id: u128, is_counter: bool) -> Table {
        Table {
            name: name.parse().expect("a name"),
            id: Id::new(id),
            is_counter,
        }
    }

    #[test]
    fn tables_of_both_versions_are_read() {
        let three = "\n [json]\n---\n {\"table_name\": \"services\", \"id\": \"00000000-0000-0000-0000-000000000002\", \"flags\": [\"compound\"]}\n {\"table_name\": \"ratelimiting_metrics\", \"id\": \"00000000-0000-0000-0000-000000000001\", \"flags\": [\"compound\", \"counter\"]}\n\n(2 rows)\n";
        let read = vec![
            table("ratelimiting_metrics", 1, true),
            table("services", 2, false),
        ];
        assert_eq!(tables(three), Ok(read.clone()));
        let two = "\n [json]\n---\n {\"columnfamily_name\": \"ratelimiting_metrics\", \"cf_id\": \"00000000-0000-0000-0000-000000000001\", \"default_validator\": \"org.apache.cassandra.db.marshal.CounterColumnType\"}\n {\"columnfamily_name\": \"services\", \"cf_id\": \"00000000-0000-0000-0000-000000000002\", \"default_validator\": \"org.apache.cassandra.db.marshal.BytesType\"}\n\n(2 rows)\n";
        assert_eq!(tables(two), Ok(read));
    }

    #[test]
    fn other_answers_are_errors() {
        let no_id = "\n [json]\n---\n {\"table_name\": \"services\", \"id\": null, \"flags\": null}\n\n(1 rows)\n";
        assert!(matches!(
            tables(no_id),
            Err(TablesError::Rows(RowsError::Line { line: 4, .. }))
        ));
        let row = " {\"table_name\": \"a\", \"id\": \"00000000-0000-0000-0000-000000000002\"}\n";
        let twice = tables(&format!("{row}{row}(2 rows)\n"));
        assert_eq!(twice, Err(TablesError::Twice("a".parse().expect("a name"))));
    }

    #[test]
    fn the_question_fits_the_version() {
        let cqlsh = Cqlsh {
            address: "10.0.0.1".to_owned(),
            port: 9042,
            settings: None,
        };
        let asked = |release: &str| {
            let release = release.parse().expect("a version");
            cqlsh.tables(&release, &"kong".parse().expect("a name"))[3].clone()
        };
        assert_eq!(
            asked("3.11.14"),
            "--execute=SELECT JSON table_name, id, flags FROM system_schema.tables WHERE keyspace_name = 'kong'"
        );
        assert_eq!(
            asked("2.2.19"),
            "--execute=SELECT JSON columnfamily_name, cf_id, default_validator FROM system.schema_columnfamilies WHERE keyspace_name = 'kong'"
        );
    }
}
