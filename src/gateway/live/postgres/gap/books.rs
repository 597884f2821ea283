//! What was carried, kept beside the counters themselves so that one transaction changes both.
//!
//! Beside each table of counters stands one of ours, by the same key:
//!
//! * `base`: what the copy began with; 0 in the database that was copied.
//! * `seen`: how much of what the other side counted itself is in here already. The copy begins with `base`.
//! * `carried`: how much of what is in the counter came from the other side.
//!
//! So what a side has counted itself is its counter less `base` less `carried`, and a round adds to the other side what of that it has
//! not `seen`. Repeating a round adds nothing. A counter that is less than it was has died and begun anew, and counts from 0.

use super::super::class::BOOKS;
use super::super::error::PostgresError;
use super::super::quote::{literal, qualified};
use super::super::session::Session;
use super::round::GIVE_WAY;
use super::tables::Counters;
use super::{Gap, Totals, held, statistics, tokens};

/// Whoever changes books holds this advisory lock to the end of the transaction: "cutover", and a number of its own.
const LOCK: &str = "SELECT pg_catalog.pg_advisory_xact_lock(1668641903, 1)";

/// Begins a transaction that may change books.
pub(super) async fn begin(session: &Session) -> Result<(), PostgresError> {
    session
        .batch_execute(&format!("BEGIN; SET LOCAL lock_timeout = '30s'; {LOCK}"))
        .await
        .map_err(PostgresError::query(
            "wait for another round of carrying counters",
        ))
}

/// Begins a transaction that may change books and has one view of everything, from after the moment at which it got the lock. The lock is
/// the session's, since a transaction's view may be older than the lock that it waits for.
pub(super) async fn begin_with_one_view(session: &Session) -> Result<(), PostgresError> {
    let lock = LOCK.replace("pg_advisory_xact_lock", "pg_advisory_lock");
    session
        .batch_execute(&format!("SET lock_timeout = '30s'; {lock}"))
        .await
        .map_err(PostgresError::query(
            "wait for another round of carrying counters",
        ))?;
    session
        .batch_execute(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; {GIVE_WAY}"
        ))
        .await
        .map_err(PostgresError::query("open a view of the copy"))
}

/// The gap that the books are about, if there are books.
pub(super) async fn gap(session: &Session, schema: &str) -> Result<Option<Gap>, PostgresError> {
    let failed = || PostgresError::query("read what the gap is");
    let table = about(schema);
    let there = session
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
        .await
        .map_err(failed())?;
    if !there.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = session
        .query_opt(
            &format!("SELECT gap, since, copy, is_copy FROM {table}"),
            &[],
        )
        .await
        .map_err(failed())?;
    Ok(row.map(|row| Gap {
        id: row.get(0),
        since: row.get(1),
        copy: row.get(2),
        is_copy: row.get(3),
    }))
}

/// Makes the books of the copy: it begins with what its counters hold. Half of each page is left free for the rounds to come.
pub(super) async fn make_of_copy(
    session: &Session,
    schema: &str,
    gap: &Gap,
    counters: &[Counters],
) -> Result<Vec<u64>, PostgresError> {
    session
        .batch_execute(&made(schema, gap, true))
        .await
        .map_err(PostgresError::query("make the books of a gap"))?;
    let mut rows = Vec::new();
    for counters in counters {
        let statement = format!(
            "CREATE TABLE {books} WITH (fillfactor = 50) AS SELECT {key}, coalesce({count}, 0)::bigint AS base, coalesce({count}, 0)::bigint AS seen,
                    0::bigint AS carried FROM {table} AS c WHERE {open}",
            books = counters.books(),
            key = counters.key(),
            count = counters.count(),
            table = counters.table(),
            open = counters.open(&gap.since_sql()),
        );
        let doing = || PostgresError::query(format!("keep what `{}` held", counters.name()));
        rows.push(session.execute(&statement, &[]).await.map_err(doing())?);
        session
            .batch_execute(&keyed(counters))
            .await
            .map_err(doing())?;
    }
    Ok(rows)
}

/// Makes the books of the other side where they are not there yet, in the transaction that `session` is in.
pub(super) async fn ensure(
    session: &Session,
    schema: &str,
    wanted: &Gap,
    counters: &[Counters],
) -> Result<(), PostgresError> {
    match gap(session, schema).await? {
        Some(found) if found.id == wanted.id => {}
        Some(found) => return Err(PostgresError::OtherGap { since: found.since }),
        None => session
            .batch_execute(&made(schema, wanted, false))
            .await
            .map_err(PostgresError::query("make the books of a gap"))?,
    }
    for counters in counters {
        if has_books(session, counters).await? {
            continue;
        }
        let statement = format!(
            "CREATE TABLE {books} AS SELECT {key}, 0::bigint AS base, 0::bigint AS seen, 0::bigint AS carried FROM {table} LIMIT 0; {keyed}",
            books = counters.books(),
            key = counters.key(),
            table = counters.table(),
            keyed = keyed(counters),
        );
        session
            .batch_execute(&statement)
            .await
            .map_err(PostgresError::query(format!(
                "make books for `{}`",
                counters.name()
            )))?;
    }
    Ok(())
}

/// Whether there are books for a table of counters.
pub(super) async fn has_books(
    session: &Session,
    counters: &Counters,
) -> Result<bool, PostgresError> {
    let row = session
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&counters.books()])
        .await
        .map_err(PostgresError::query("look for the books of a gap"))?;
    Ok(row.get(0))
}

/// Takes the books away.
pub(super) async fn remove(
    session: &Session,
    schema: &str,
    counters: &[Counters],
) -> Result<(), PostgresError> {
    let books = counters.iter().map(Counters::books);
    let books = books.chain(tokens::kept(schema));
    let all: Vec<String> = books
        .chain(statistics::kept(schema))
        .chain([about(schema), rounds(schema), held::book(schema)])
        .collect();
    session
        .batch_execute(&format!("DROP TABLE IF EXISTS {}", all.join(", ")))
        .await
        .map_err(PostgresError::query("take the books of a gap away"))
}

/// Notes a round that was done.
pub(super) async fn note(
    session: &Session,
    schema: &str,
    run: &str,
    totals: Totals,
) -> Result<(), PostgresError> {
    let statement = format!(
        "INSERT INTO {} (run, counters, increments) VALUES ($1, $2, $3)",
        rounds(schema)
    );
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    session
        .execute(
            &statement,
            &[&run, &number(totals.counters), &number(totals.increments)],
        )
        .await
        .map(drop)
        .map_err(PostgresError::query("note a round of carrying counters"))
}

/// What came from the other side and is still booked.
pub(super) async fn carried(
    session: &Session,
    counters: &[Counters],
) -> Result<Totals, PostgresError> {
    let mut totals = Totals::default();
    for counters in counters {
        if !has_books(session, counters).await? {
            continue;
        }
        let statement = format!(
            "SELECT count(*), coalesce(sum(carried), 0)::bigint FROM {} WHERE carried > 0",
            counters.books()
        );
        let row = session
            .query_one(&statement, &[])
            .await
            .map_err(PostgresError::query("read what was carried"))?;
        totals.counters += row.get::<_, i64>(0).unsigned_abs();
        totals.increments += row.get::<_, i64>(1).unsigned_abs();
    }
    Ok(totals)
}

fn about(schema: &str) -> String {
    qualified(schema, BOOKS)
}

fn rounds(schema: &str) -> String {
    qualified(schema, &format!("{BOOKS}_rounds"))
}

fn made(schema: &str, gap: &Gap, is_copy: bool) -> String {
    format!(
        "CREATE TABLE {about} AS SELECT {id}::text AS gap, {since} AS since, {copy}::text AS copy, {is_copy} AS is_copy;
         CREATE TABLE {rounds} (round bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run text NOT NULL, counters bigint NOT NULL,
                                increments bigint NOT NULL, at timestamptz NOT NULL DEFAULT now())",
        about = about(schema),
        id = literal(&gap.id),
        copy = literal(&gap.copy),
        since = gap.since_sql(),
        rounds = rounds(schema),
    )
}

fn keyed(counters: &Counters) -> String {
    format!(
        "ALTER TABLE {books} ADD PRIMARY KEY ({key}); ANALYZE {books}",
        books = counters.books(),
        key = counters.key()
    )
}
