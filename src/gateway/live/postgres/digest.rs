//! What a database holds, in few bytes: per table the count of rows and the sum of their hashes, computed by the server.
//!
//! Everything is read in one REPEATABLE READ snapshot. A row hashes as a record of its columns in alphabetical order, which tells NULL
//! from the empty string and does not depend on the order in which migrations added columns. The record is hashed in the server's
//! binary form, which costs a third less than its text; the text is for columns whose type is not PostgreSQL's own, since the
//! binary form names types by numbers that differ from database to database.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::class::{Class, is_excluded};
use super::error::PostgresError;
use super::quote::{identifier, literal, qualified};
use super::session::{Role, Session, connect};
use super::sum::{LANES, Sum};
use crate::environment::Database;

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DigestOptions {
    /// Columns of Kong's tables that do not count, such as `updated_at`.
    pub excluded_columns: BTreeSet<String>,
    /// An exported snapshot to read in; a new one where absent.
    pub snapshot: Option<String>,
}

/// What one table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDigest {
    /// What kind of rows these are.
    pub class: Class,
    /// How many.
    pub rows: u64,
    /// SHA-256 of the columns that count, by name and type, hexadecimal.
    pub columns: String,
    /// The sum of the rows' SHA-256 modulo 2^256, hexadecimal.
    pub sum: String,
}

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseDigest {
    /// Every table of every schema that is not the server's own, as `schema.table`; tables whose rows stay out of backups are absent.
    pub tables: BTreeMap<String, TableDigest>,
    /// SHA-256 over all tables of the class configuration, hexadecimal.
    pub configuration: String,
}

/// A table that differs between two digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// `schema.table`.
    pub table: String,
    /// What the table was, if it was there.
    pub before: Option<TableDigest>,
    /// What it is, if it is there.
    pub after: Option<TableDigest>,
}

impl DatabaseDigest {
    fn new(tables: BTreeMap<String, TableDigest>) -> Self {
        let mut hash = Sha256::new();
        for (name, table) in &tables {
            if table.class == Class::Configuration {
                // A table's name cannot hold a NUL, so no two lists of tables make the same bytes.
                hash.update(format!(
                    "{name}\0{}\0{}\0{}\n",
                    table.rows, table.columns, table.sum
                ));
            }
        }
        Self {
            configuration: hex::encode(hash.finalize()),
            tables,
        }
    }

    /// Every table that is not the same in `after`, of any class.
    #[must_use]
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let names: BTreeSet<&String> = self.tables.keys().chain(after.tables.keys()).collect();
        names
            .into_iter()
            .filter(|name| self.tables.get(*name) != after.tables.get(*name))
            .map(|name| Difference {
                table: name.clone(),
                before: self.tables.get(name).cloned(),
                after: after.tables.get(name).cloned(),
            })
            .collect()
    }

    /// All rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

/// Reads the digest of `database`, or of the database called `name` on its server, as the owner of the tables.
pub async fn digest(
    database: &Database,
    name: Option<&str>,
    options: &DigestOptions,
) -> Result<DatabaseDigest, PostgresError> {
    let session = connect(database, Role::Owner, name)
        .await?
        .without_limits()
        .await?;
    let failed = || PostgresError::query("open a snapshot");
    session
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(failed())?;
    if let Some(snapshot) = &options.snapshot {
        session
            .batch_execute(&format!("SET TRANSACTION SNAPSHOT {}", literal(snapshot)))
            .await
            .map_err(failed())?;
    }
    let digest = read(
        &session,
        &database.schema,
        &options.excluded_columns,
        |_| (),
    )
    .await?;
    session.close().await;
    Ok(digest)
}

/// A table and its columns as `name type`, alphabetically.
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<(String, String)>,
    /// Whether each column's type is the server's own and has a binary form.
    is_binary: bool,
}

/// Reads the digest in the transaction that `session` is in; `progress` gets each table's rows.
pub(super) async fn read(
    session: &Session,
    kong_schema: &str,
    excluded_columns: &BTreeSet<String>,
    progress: impl Fn(u64),
) -> Result<DatabaseDigest, PostgresError> {
    let mut digests = BTreeMap::new();
    for mut table in tables(session).await? {
        if is_excluded(kong_schema, &table.schema, &table.name) {
            continue;
        }
        if table.schema == kong_schema {
            table
                .columns
                .retain(|(column, _)| !excluded_columns.contains(column));
        }
        let class = Class::of(kong_schema, &table.schema, &table.name);
        let digest = read_table(session, &table, class).await?;
        progress(digest.rows);
        digests.insert(format!("{}.{}", table.schema, table.name), digest);
    }
    Ok(DatabaseDigest::new(digests))
}

/// Every ordinary table that is not the server's own; a partitioned table's rows are in its partitions.
pub(super) async fn tables(session: &Session) -> Result<Vec<Table>, PostgresError> {
    let rows = session
        .query(
            "SELECT n.nspname::text, c.relname::text,
                    coalesce(array_agg(a.attname::text ORDER BY a.attname::text COLLATE \"C\") FILTER (WHERE a.attname IS NOT NULL), '{}'),
                    coalesce(array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attname::text COLLATE \"C\")
                             FILTER (WHERE a.attname IS NOT NULL), '{}'),
                    coalesce(bool_and(t.oid < 16384 AND t.typsend <> 0), true)
             FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             WHERE c.relkind = 'r' AND c.relpersistence <> 't'
               AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
             GROUP BY 1, 2 ORDER BY 1, 2",
            &[],
        )
        .await
        .map_err(PostgresError::query("list tables"))?;
    Ok(rows
        .iter()
        .map(|row| Table {
            schema: row.get(0),
            name: row.get(1),
            columns: row
                .get::<_, Vec<String>>(2)
                .into_iter()
                .zip(row.get::<_, Vec<String>>(3))
                .collect(),
            is_binary: row.get(4),
        })
        .collect())
}

async fn read_table(
    session: &Session,
    table: &Table,
    class: Class,
) -> Result<TableDigest, PostgresError> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(name, _)| identifier(name))
        .collect();
    let lanes: Vec<String> = LANES
        .iter()
        .map(|(first, width)| {
            format!("coalesce(sum(substring(h from {first} for {width})::bigint), 0)::text")
        })
        .collect();
    let record = format!("ROW({})", columns.join(", "));
    let bytes = if table.is_binary {
        format!("record_send({record})")
    } else {
        format!("convert_to({record}::text, 'UTF8')")
    };
    // OFFSET 0 keeps the planner from computing every hash once per lane.
    let statement = format!(
        "SELECT count(*), {} FROM (SELECT ('x' || encode(sha256({bytes}), 'hex'))::bit(256) AS h
         FROM ONLY {} OFFSET 0) AS hashes",
        lanes.join(", "),
        qualified(&table.schema, &table.name)
    );
    let row = session
        .query_one(&statement, &[])
        .await
        .map_err(PostgresError::query(format!(
            "read the digest of `{}.{}`",
            table.schema, table.name
        )))?;
    let mut sums = [0; 5];
    for (index, sum) in sums.iter_mut().enumerate() {
        *sum = row
            .get::<_, &str>(index + 1)
            .parse()
            .expect("a lane's sum is below 2^52 times the count of rows, which fits");
    }
    let mut hash = Sha256::new();
    for (name, kind) in &table.columns {
        hash.update(format!("{name}\0{kind}\n"));
    }
    Ok(TableDigest {
        class,
        rows: row.get::<_, i64>(0).unsigned_abs(),
        columns: hex::encode(hash.finalize()),
        sum: Sum::from_lanes(sums).to_hex(),
    })
}
