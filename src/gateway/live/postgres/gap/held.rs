//! What configuration a database held at a moment, row by row, in a book of its own: a hash for each row by its primary key, computed and
//! compared by the server, and no value of one.

use super::super::class::{BOOKS, Class};
use super::super::digest::{Table, tables};
use super::super::error::PostgresError;
use super::super::quote::{identifier, literal, qualified};
use super::super::session::Session;
use crate::gateway::{NAMED_KEYS, RowWrites, TableWrites};

/// The moments that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// That of the copy, before it was migrated.
    Copied,
    /// When the copy was proven, before clients came.
    Proven,
}

impl Moment {
    /// As a literal in SQL.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Copied => "'copied'",
            Self::Proven => "'proven'",
        }
    }
}

/// A table of Kong's configuration, with what identifies its rows.
pub(super) struct Configured {
    pub(super) name: String,
    /// The table, for SQL.
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// The primary key; empty where there is none.
    pub(super) key: Vec<String>,
}

impl Configured {
    /// What identifies the row called `alias`, as a text. Rows of a table without a primary key are what they hold.
    pub(super) fn key_of(&self, alias: &str) -> String {
        if self.key.is_empty() {
            return self.hash_of(alias);
        }
        let column = |name: &String| format!("{alias}.{}::text", identifier(name));
        let columns: Vec<String> = self.key.iter().map(column).collect();
        format!("concat_ws(' ', {})", columns.join(", "))
    }

    /// The hash of the row called `alias`.
    pub(super) fn hash_of(&self, alias: &str) -> String {
        let column = |name: &String| format!("{alias}.{}", identifier(name));
        let columns: Vec<String> = self.columns.iter().map(column).collect();
        format!(
            "encode(sha256(convert_to(ROW({})::text, 'UTF8')), 'hex')",
            columns.join(", ")
        )
    }

    /// Its rows: table, key, hash.
    fn rows(&self) -> String {
        format!(
            "SELECT {name}::text AS tab, {key} AS key, {hash} AS hash FROM ONLY {table} AS r",
            name = literal(&self.name),
            key = self.key_of("r"),
            hash = self.hash_of("r"),
            table = self.table,
        )
    }
}

/// The tables of Kong's configuration, without the migrations' own books.
pub(super) async fn configured_tables(
    session: &Session,
    schema: &str,
) -> Result<Vec<Configured>, PostgresError> {
    let is_configuration = |table: &Table| {
        table.schema == schema
            && table.name != "schema_meta"
            && Class::of(schema, schema, &table.name) == Class::Configuration
    };
    let mut found = Vec::new();
    for table in tables(session).await?.into_iter().filter(is_configuration) {
        let name = qualified(schema, &table.name);
        let key = session
            .query(
                "SELECT a.attname::text FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                 WHERE i.indisprimary AND i.indrelid = to_regclass($1) ORDER BY a.attname",
                &[&name],
            )
            .await
            .map_err(PostgresError::query(format!("find the key of `{}`", table.name)))?;
        found.push(Configured {
            key: key.iter().map(|row| row.get(0)).collect(),
            columns: table.columns.into_iter().map(|(name, _)| name).collect(),
            table: name,
            name: table.name,
        });
    }
    Ok(found)
}

/// All their rows as they are now: table, key, hash.
pub(super) fn rows_now(tables: &[Configured]) -> String {
    let nothing = "SELECT NULL::text AS tab, NULL::text AS key, NULL::text AS hash WHERE false";
    let rows = tables.iter().map(Configured::rows);
    let all: Vec<String> = rows.chain([nothing.to_owned()]).collect();
    all.join(" UNION ALL ")
}

/// The table of ours that has them.
pub(super) fn book(schema: &str) -> String {
    qualified(schema, &format!("{BOOKS}_held"))
}

/// Notes what is held now, in place of what was noted for that moment, in the transaction that `session` is in.
pub(super) async fn note(
    session: &Session,
    schema: &str,
    moment: Moment,
) -> Result<(), PostgresError> {
    let tables = configured_tables(session, schema).await?;
    let statement = format!(
        "CREATE TABLE IF NOT EXISTS {book} (moment text, tab text, key text, hash text NOT NULL, PRIMARY KEY (moment, tab, key));
         DELETE FROM {book} WHERE moment = {moment};
         INSERT INTO {book} SELECT DISTINCT {moment}, now.* FROM ({now}) AS now;
         INSERT INTO {book} VALUES ({moment}, '', '', '')",
        book = book(schema),
        moment = moment.sql(),
        now = rows_now(&tables),
    );
    session
        .batch_execute(&statement)
        .await
        .map_err(PostgresError::query("note what a database holds"))
}

/// Whether it was noted what was held at a moment. A line without a table says so, also where nothing was held.
pub(super) async fn is_noted(
    session: &Session,
    schema: &str,
    moment: Moment,
) -> Result<bool, PostgresError> {
    let doing = || PostgresError::query("look for what a database held");
    let book = book(schema);
    let there = session
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&book])
        .await
        .map_err(doing())?;
    if !there.get::<_, bool>(0) {
        return Ok(false);
    }
    let question = format!(
        "SELECT EXISTS (SELECT FROM {book} WHERE moment = {} AND tab = '')",
        moment.sql()
    );
    let noted = session.query_one(&question, &[]).await.map_err(doing())?;
    Ok(noted.get(0))
}

/// What was held at a moment: table, key, hash.
pub(super) fn rows_then(schema: &str, moment: Moment) -> String {
    format!(
        "SELECT tab, key, hash FROM {} WHERE moment = {} AND tab <> ''",
        book(schema),
        moment.sql()
    )
}

/// Which rows are new (`+`), other (`~`) or gone (`-`) in `now`, of which `then` is an earlier moment: table, key, kind.
pub(super) fn changes(then: &str, now: &str) -> String {
    format!(
        "SELECT tab, key, CASE WHEN t.hash IS NULL THEN '+' WHEN n.hash IS NULL THEN '-' ELSE '~' END AS kind
         FROM ({then}) AS t FULL JOIN ({now}) AS n USING (tab, key) WHERE t.hash IS DISTINCT FROM n.hash"
    )
}

/// The changes between two moments by table, with how many rows each had and has, and the keys of the first.
pub(super) async fn written(
    session: &Session,
    then: &str,
    now: &str,
    changes: &str,
) -> Result<Vec<TableWrites>, PostgresError> {
    let question = format!(
        "WITH earlier AS ({then}), now AS ({now}), changes AS ({changes})
         SELECT c.tab, (SELECT count(*) FROM earlier WHERE earlier.tab = c.tab), (SELECT count(*) FROM now WHERE now.tab = c.tab),
                count(*) FILTER (WHERE kind = '+'), count(*) FILTER (WHERE kind = '~'), count(*) FILTER (WHERE kind = '-'),
                (array_agg(kind || ' ' || key ORDER BY array_position(ARRAY['+', '~', '-'], kind), key COLLATE \"C\"))[1:{NAMED_KEYS}]
         FROM changes AS c GROUP BY c.tab ORDER BY c.tab COLLATE \"C\"",
    );
    let rows = session.query(&question, &[]).await;
    let rows = rows.map_err(PostgresError::query("compare what a database holds"))?;
    let number = |count: i64| count.unsigned_abs();
    Ok(rows
        .iter()
        .map(|row| TableWrites {
            table: row.get(0),
            before: number(row.get(1)),
            after: number(row.get(2)),
            rows: Some(RowWrites {
                added: number(row.get(3)),
                changed: number(row.get(4)),
                removed: number(row.get(5)),
                keys: row.get(6),
            }),
        })
        .collect())
}
