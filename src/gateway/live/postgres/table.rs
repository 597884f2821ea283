//! The rows of one of Kong's tables, with everything that is in them.

use std::collections::BTreeMap;

use super::class::Class;
use super::digest::tables;
use super::error::PostgresError;
use super::quote::qualified;
use super::session::{Role, connect};
use crate::environment::Database;

/// The most rows that are read.
const MOST: usize = 1_000;

/// A table as it is, secrets and all.
#[derive(Debug)]
pub struct TableRows {
    /// PostgreSQL's type of each column.
    pub types: BTreeMap<String, String>,
    /// The rows by column, in the order of their ids; NULL is absent.
    pub rows: Vec<BTreeMap<String, String>>,
}

/// Why a table's rows are not read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The database.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// There is no such table of configuration.
    #[error(
        "`{table}` is no table of Kong's configuration in `{database}` whose rows have an `id`"
    )]
    Unknown {
        /// The table.
        table: String,
        /// The database.
        database: String,
    },
    /// Nobody compares so many.
    #[error("`{table}` has more than {MOST} rows")]
    Many {
        /// The table.
        table: String,
    },
}

/// Reads a table of Kong's configuration.
pub async fn table_rows(database: &Database, table: &str) -> Result<TableRows, RowsError> {
    let session = connect(database, Role::Owner, None)
        .await?
        .without_limits()
        .await?;
    let all = tables(&session).await?;
    let known = all.into_iter().find(|known| {
        known.schema == database.schema
            && known.name == table
            && known.columns.iter().any(|(column, _)| column == "id")
            && Class::of(&database.schema, &known.schema, &known.name) == Class::Configuration
    });
    let known = known.ok_or_else(|| RowsError::Unknown {
        table: table.to_owned(),
        database: database.database.clone(),
    })?;
    let statement = format!(
        "SELECT columns.names, columns.contents
         FROM ONLY {} AS t,
              LATERAL (SELECT array_agg(key ORDER BY key) AS names, array_agg(value ORDER BY key) AS contents
                       FROM jsonb_each_text(jsonb_strip_nulls(to_jsonb(t)))) AS columns
         ORDER BY t.id::text COLLATE \"C\" LIMIT {}",
        qualified(&known.schema, &known.name),
        MOST + 1
    );
    let read = session.query(&statement, &[]).await;
    let read = read.map_err(PostgresError::query(format!("read the rows of `{table}`")))?;
    session.close().await;
    if read.len() > MOST {
        return Err(RowsError::Many {
            table: table.to_owned(),
        });
    }
    let rows = read.iter().map(|row| {
        let (names, values): (Vec<String>, Vec<String>) = (row.get(0), row.get(1));
        names.into_iter().zip(values).collect()
    });
    Ok(TableRows {
        types: known.columns.into_iter().collect(),
        rows: rows.collect(),
    })
}
