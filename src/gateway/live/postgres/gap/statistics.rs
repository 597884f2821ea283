//! Vitals' statistics by the minute. Each node writes rows of its own, so they are not added up: those of one side's nodes are copied to
//! the other, again when they have gone on. A book names those that came, by which they are taken away again and not carried back.
//!
//! Source: the Enterprise tables as the project's facts have them. Statistics by the second live for an hour, and those by the hour and
//! the day are sums that a node makes; they keep a hole, which is named.

use std::collections::BTreeSet;

use super::super::class::BOOKS;
use super::super::error::PostgresError;
use super::super::quote::{identifier, qualified};
use super::super::session::Session;
use super::pipe::pipe;
use super::round::open;
use super::tables::{columns, is_key};
use super::{Counted, Gap, Lacking, Totals};
use crate::environment::Database;

/// Statistics of nodes.
struct Statistics {
    name: &'static str,
    /// What identifies a row, which begins with the node.
    key: &'static [&'static str],
    /// The column besides that is read here.
    read: &'static str,
    /// Which rows of `s` are from after the copy, `{since}` being its moment.
    since: &'static str,
}

/// By the minute, which begins at `at`.
const MINUTES: Statistics = Statistics {
    name: "vitals_stats_minutes",
    key: &["node_id", "at"],
    read: "requests",
    since: "s.at + 60 > extract(epoch FROM {since})",
};

/// What the nodes are called that reported since.
const NODES: Statistics = Statistics {
    name: "vitals_node_meta",
    key: &["node_id"],
    read: "last_report",
    since: "s.last_report > {since} AT TIME ZONE 'UTC'",
};

const TABLES: [Statistics; 2] = [NODES, MINUTES];

/// The tables of ours that name what came from the other side.
pub(super) fn kept(schema: &str) -> impl Iterator<Item = String> {
    TABLES.map(|statistics| statistics.book(schema)).into_iter()
}

/// Copies to `target` what the nodes of `source` have written, in the transaction that `target` is in. Answers how many minutes are new there
/// or have gone on.
pub(super) async fn carry(
    source: &Session,
    from: &Database,
    target: &Session,
    to: &Database,
    gap: &Gap,
) -> Result<u64, PostgresError> {
    let mut minutes = 0;
    for statistics in &TABLES {
        let Some(columns) = statistics.shared(source, from, target, to).await? else {
            continue;
        };
        statistics
            .bring(source, from, target, to, gap, &columns)
            .await?;
        let (table, book) = (statistics.table(&to.schema), statistics.book(&to.schema));
        let names = list(&columns, identifier);
        let key = list(statistics.key, identifier);
        let rest: Vec<&String> = columns
            .iter()
            .filter(|column| !statistics.key.contains(&column.as_str()))
            .collect();
        let of = |row: &str| list(&rest, |column| format!("{row}.{}", identifier(column)));
        let set = list(&rest, |column| {
            format!("{0} = excluded.{0}", identifier(column))
        });
        let statement = format!(
            "WITH written AS (
                 INSERT INTO {table} AS t ({names}) SELECT {names} FROM {incoming}
                 ON CONFLICT ({key}) DO UPDATE SET {set} WHERE ({there}) IS DISTINCT FROM ({here})
                 RETURNING 1
             ), booked AS (
                 INSERT INTO {book} SELECT {key} FROM {incoming} AS i WHERE NOT EXISTS (SELECT FROM {book} AS b WHERE {same})
             )
             SELECT count(*) FROM written",
            incoming = statistics.incoming(),
            there = of("t"),
            here = of("excluded"),
            // Also what came with the copy itself is the other side's, and must not go back there as it was then.
            same = statistics.same("b", "i"),
        );
        let row = target
            .query_one(&statement, &[])
            .await
            .map_err(statistics.failed())?;
        if statistics.name == MINUTES.name {
            minutes = row.get::<_, i64>(0).unsigned_abs();
        }
    }
    Ok(minutes)
}

/// The minutes of the nodes of `source` that `target` has not, in a transaction that is never committed.
pub(super) async fn lacking(
    source: &Session,
    from: &Database,
    target: &Session,
    to: &Database,
    gap: &Gap,
) -> Result<Option<Lacking>, PostgresError> {
    let Some(columns) = MINUTES.shared(source, from, target, to).await? else {
        return Ok(None);
    };
    MINUTES
        .bring(source, from, target, to, gap, &columns)
        .await?;
    let statement = format!(
        "SELECT count(*), coalesce(sum(i.requests), 0)::bigint, coalesce(max(i.requests), 0)::bigint FROM {incoming} AS i
         WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE t.node_id = i.node_id AND t.at = i.at)",
        incoming = MINUTES.incoming(),
        table = MINUTES.table(&to.schema),
    );
    let row = target
        .query_one(&statement, &[])
        .await
        .map_err(MINUTES.failed())?;
    let number = |column: usize| row.get::<_, i64>(column).unsigned_abs();
    Ok((number(0) > 0).then(|| Lacking {
        table: MINUTES.name.to_owned(),
        period: "60 s".to_owned(),
        totals: Totals {
            counters: number(0),
            increments: number(1),
        },
        largest: number(2),
        limited: 0,
        over_at_most: 0,
        over_expected: 0,
    }))
}

/// The requests of both sides' minutes since the copy, in a transaction that is never committed: what is known of the tables with a hole.
pub(super) async fn counted(
    source: &Session,
    from: &Database,
    target: &Session,
    to: &Database,
    gap: &Gap,
) -> Result<Option<Counted>, PostgresError> {
    let Some(columns) = MINUTES.shared(source, from, target, to).await? else {
        return Ok(None);
    };
    MINUTES
        .bring(source, from, target, to, gap, &columns)
        .await?;
    // What the book names came from the original, whatever that has by now.
    let statement = format!(
        "SELECT count(*), coalesce(sum(by_from), 0)::bigint, coalesce(sum(by_to), 0)::bigint, coalesce(sum(lacking), 0)::bigint FROM (
             SELECT requests AS by_from, 0 AS by_to, greatest(requests - coalesce(
                 (SELECT t.requests FROM {table} AS t WHERE {there}), 0), 0) AS lacking
             FROM {incoming} AS i
             UNION ALL
             SELECT 0, s.requests, 0 FROM {table} AS s
             WHERE {since} AND NOT EXISTS (SELECT FROM {incoming} AS i WHERE {brought})
               AND NOT EXISTS (SELECT FROM {book} AS b WHERE {booked})
         ) AS minutes",
        table = MINUTES.table(&to.schema),
        incoming = MINUTES.incoming(),
        book = MINUTES.book(&to.schema),
        since = MINUTES.since.replace("{since}", &gap.since_sql()),
        there = MINUTES.same("t", "i"),
        brought = MINUTES.same("i", "s"),
        booked = MINUTES.same("b", "s"),
    );
    let row = target
        .query_one(&statement, &[])
        .await
        .map_err(MINUTES.failed())?;
    let number = |column: usize| row.get::<_, i64>(column).unsigned_abs();
    Ok((number(0) > 0).then(|| Counted {
        table: MINUTES.name.to_owned(),
        period: "60 s".to_owned(),
        counters: number(0),
        by_from: number(1),
        by_to: number(2),
        lacking: number(3),
        over_admitted: 0,
        uncertain: 0,
    }))
}

/// Takes away what came from the other side.
pub(super) async fn take_back(session: &Session, schema: &str) -> Result<(), PostgresError> {
    for statistics in &TABLES {
        let (table, book) = (statistics.table(schema), statistics.book(schema));
        if !exists(session, &book).await? {
            continue;
        }
        let same = statistics.same("t", "b");
        session
            .batch_execute(&format!(
                "DELETE FROM {table} AS t USING {book} AS b WHERE {same}; DELETE FROM {book}"
            ))
            .await
            .map_err(statistics.failed())?;
    }
    Ok(())
}

/// The tables of statistics that a database has and that are not carried.
pub async fn holes_of(database: &Database) -> Result<Vec<String>, PostgresError> {
    let session = open(database).await?;
    let rows = session
        .query(
            "SELECT relname::text FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND relname ~ '^vitals_stats_(seconds|minutes|hours|days)(_|$)'
             ORDER BY 1",
            &[&database.schema],
        )
        .await
        .map_err(PostgresError::query("look for statistics that are not carried"))?;
    let known = MINUTES.columns(&session, &database.schema).await?;
    session.close().await;
    let names = rows.iter().map(|row| row.get(0));
    Ok(names
        .filter(|name: &String| known.is_empty() || name != MINUTES.name)
        .collect())
}

impl Statistics {
    fn table(&self, schema: &str) -> String {
        qualified(schema, self.name)
    }

    fn book(&self, schema: &str) -> String {
        qualified(schema, &format!("{BOOKS}_{}", self.name))
    }

    /// The temporary table for what comes.
    fn incoming(&self) -> String {
        format!("pg_temp.{}", identifier(&format!("incoming_{}", self.name)))
    }

    /// The columns that both sides have, unless one has no such table, or one of another layout than is known.
    async fn shared(
        &self,
        source: &Session,
        from: &Database,
        target: &Session,
        to: &Database,
    ) -> Result<Option<Vec<String>>, PostgresError> {
        let here = self.columns(source, &from.schema).await?;
        let there = self.columns(target, &to.schema).await?;
        let shared = here.intersection(&there).cloned();
        Ok((!here.is_empty() && !there.is_empty()).then(|| shared.collect()))
    }

    /// The columns of the table; none where there is none, or one of another layout than is known.
    async fn columns(
        &self,
        session: &Session,
        schema: &str,
    ) -> Result<BTreeSet<String>, PostgresError> {
        let found = columns(session, &self.table(schema)).await?;
        let mut read = self.key.iter().chain([&self.read]);
        let is_known = read.all(|column| found.contains(*column))
            && is_key(session, &self.table(schema), self.key).await?;
        Ok(if is_known { found } else { BTreeSet::new() })
    }

    /// Copies what the nodes of `source` wrote themselves into a temporary table of `target`, and makes the book there.
    async fn bring(
        &self,
        source: &Session,
        from: &Database,
        target: &Session,
        to: &Database,
        gap: &Gap,
        columns: &[String],
    ) -> Result<(), PostgresError> {
        let names = list(columns, identifier);
        let make = format!(
            "CREATE TEMP TABLE {incoming} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA;
             CREATE TABLE IF NOT EXISTS {book} AS SELECT {key} FROM {table} WITH NO DATA",
            incoming = self.incoming(),
            table = self.table(&to.schema),
            book = self.book(&to.schema),
            key = list(self.key, identifier),
        );
        target.batch_execute(&make).await.map_err(self.failed())?;
        let book = self.book(&from.schema);
        let own = if exists(source, &book).await? {
            let same = self.same("b", "s");
            format!("NOT EXISTS (SELECT FROM {book} AS b WHERE {same})")
        } else {
            "true".to_owned()
        };
        let read = format!(
            "COPY (SELECT {names} FROM {table} AS s WHERE {since} AND {own}) TO STDOUT",
            table = self.table(&from.schema),
            since = self.since.replace("{since}", &gap.since_sql()),
        );
        let write = format!("COPY {} ({names}) FROM STDIN", self.incoming());
        pipe(source, &read, target, &write)
            .await
            .map_err(self.failed())
    }

    /// That two rows are of the same node, and minute.
    fn same(&self, one: &str, other: &str) -> String {
        let equal = |column: &&str| {
            let column = identifier(column);
            format!("{one}.{column} = {other}.{column}")
        };
        let parts: Vec<String> = self.key.iter().map(equal).collect();
        parts.join(" AND ")
    }

    fn failed(&self) -> impl FnOnce(tokio_postgres::Error) -> PostgresError + use<> {
        PostgresError::query(format!("carry `{}`", self.name))
    }
}

async fn exists(session: &Session, table: &str) -> Result<bool, PostgresError> {
    let row = session
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
        .await
        .map_err(PostgresError::query("look for the books of a gap"))?;
    Ok(row.get(0))
}

fn list<T: AsRef<str>>(columns: &[T], named: impl Fn(&str) -> String) -> String {
    let names: Vec<String> = columns
        .iter()
        .map(|column| named(column.as_ref()))
        .collect();
    names.join(", ")
}
