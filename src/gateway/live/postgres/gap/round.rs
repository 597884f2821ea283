//! One round: what one side has counted itself, added to the other.
//!
//! One transaction on the side that gets it, which holds a lock from before the other side is read until the end. So rounds are in an
//! order, each sees what the one before it left, and one that was broken off left nothing.

use std::time::{Duration, Instant};

use super::super::error::PostgresError;
use super::super::session::{Role, Session, connect};
use super::pipe::pipe;
use super::tables::{Counters, counters};
use super::{Gap, TableTotals, Totals, books, statistics};
use crate::environment::Database;

/// For how long work is tried again that stood in the way of Kong's own increments, or they in its.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause before the next attempt.
const PAUSE: Duration = Duration::from_millis(200);

/// Shorter than the second after which PostgreSQL looks for a deadlock, and ends one of those in it: that must not be Kong.
pub(super) const GIVE_WAY: &str = "SET LOCAL lock_timeout = '400ms'";

/// A million counters are joined in memory, and not in files.
pub(super) const IN_MEMORY: &str = "SET LOCAL work_mem = '128MB'";

/// A lock was not to be had in that time, there was a deadlock, or somebody changed what this saw.
const IN_THE_WAY: [&str; 3] = ["55P03", "40P01", "40001"];

/// Adds to `to` what `from` has counted itself and `to` has not seen. Answers what was added, by table.
pub async fn carry(
    from: &Database,
    to: &Database,
    gap: &Gap,
    run: &str,
) -> Result<Vec<TableTotals>, PostgresError> {
    again_if_in_the_way(async || attempt_to_carry(from, to, gap, run).await).await
}

/// Tries what stood in the way of Kong's own work until it does not.
pub(super) async fn again_if_in_the_way<T>(
    work: impl AsyncFn() -> Result<T, PostgresError>,
) -> Result<T, PostgresError> {
    let begun = Instant::now();
    loop {
        match work().await {
            Err(error)
                if begun.elapsed() < PATIENCE && IN_THE_WAY.iter().any(|s| error.has_state(s)) =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

async fn attempt_to_carry(
    from: &Database,
    to: &Database,
    gap: &Gap,
    run: &str,
) -> Result<Vec<TableTotals>, PostgresError> {
    let (source, target) = (open(from).await?, open(to).await?);
    books::begin(&target).await?;
    let shared = shared(&source, from, &target, to).await?;
    books::ensure(&target, &to.schema, gap, &shared).await?;
    for counters in &shared {
        bring(&source, from, &target, counters, gap).await?;
    }
    target
        .batch_execute(&format!("{GIVE_WAY}; {IN_MEMORY}"))
        .await
        .map_err(PostgresError::query("give way to Kong"))?;
    let mut added = Vec::new();
    for counters in &shared {
        let totals = add(&target, counters).await?;
        added.push(TableTotals {
            table: counters.name().to_owned(),
            totals,
        });
    }
    let all = added.iter().map(|table| table.totals).sum();
    statistics::carry(&source, from, &target, to, gap).await?;
    books::note(&target, &to.schema, run, all).await?;
    target
        .batch_execute("COMMIT")
        .await
        .map_err(PostgresError::query("end a round of carrying counters"))?;
    source.close().await;
    target.close().await;
    Ok(added)
}

/// A session for work on many rows.
pub(super) async fn open(database: &Database) -> Result<Session, PostgresError> {
    connect(database, Role::Owner, None)
        .await?
        .without_limits()
        .await
}

/// The tables of counters that both sides have. A copy that was migrated may have lost one; nothing reads it there.
pub(super) async fn shared(
    source: &Session,
    from: &Database,
    target: &Session,
    to: &Database,
) -> Result<Vec<Counters>, PostgresError> {
    let ours = counters(source, &from.schema).await?;
    let theirs = counters(target, &to.schema).await?;
    let pairs = theirs.iter().filter_map(|there| {
        let here = ours.iter().find(|here| here.name() == there.name())?;
        Some(there.shared_with(here))
    });
    Ok(pairs.collect())
}

/// Copies what the source has counted itself, of windows that are open, into a temporary table on the target, without a row of it being
/// looked at in between.
pub(super) async fn bring(
    source: &Session,
    from: &Database,
    target: &Session,
    counters: &Counters,
    gap: &Gap,
) -> Result<(), PostgresError> {
    let doing = || PostgresError::query(format!("bring the counters of `{}`", counters.name()));
    let incoming = incoming(counters);
    let make = format!(
        "CREATE TEMP TABLE {incoming} ON COMMIT DROP AS
         SELECT {key}{along}, 0::bigint AS own FROM {table} LIMIT 0",
        key = counters.key(),
        along = counters.along(None),
        table = counters.table(),
    );
    target.batch_execute(&make).await.map_err(doing())?;
    let read = format!("COPY ({}) TO STDOUT (FORMAT binary)", {
        let there = counters.within(&from.schema);
        let booked = books::has_books(source, &there).await?;
        own(&there, booked, gap)
    });
    let write = format!("COPY {incoming} FROM STDIN (FORMAT binary)");
    pipe(source, &read, target, &write).await.map_err(doing())?;
    target
        .batch_execute(&format!("ANALYZE {incoming}"))
        .await
        .map_err(doing())
}

/// The temporary table with what came from the other side.
pub(super) fn incoming(counters: &Counters) -> String {
    format!("pg_temp.\"incoming_{}\"", counters.name())
}

/// What a side has counted itself, of windows that are open: key, what goes along, `own`.
pub(super) fn own(counters: &Counters, booked: bool, gap: &Gap) -> String {
    let (count, books) = if booked {
        let join = format!(
            "LEFT JOIN {} AS b ON {}",
            counters.books(),
            counters.same("b", "c")
        );
        ("coalesce(b.base, 0) + coalesce(b.carried, 0)", join)
    } else {
        ("0", String::new())
    };
    format!(
        "SELECT * FROM (
             SELECT {key}{along}, CASE WHEN held >= others THEN held - others ELSE held END AS own
             FROM {table} AS c {books}
             CROSS JOIN LATERAL (SELECT coalesce(c.{counted}, 0)::bigint AS held, ({count})::bigint AS others) AS parts
             WHERE {open}
         ) AS counted WHERE own > 0",
        key = counters.key_of("c"),
        along = counters.along(Some("c")),
        table = counters.table(),
        counted = counters.count(),
        open = counters.open(&gap.since_sql()),
    )
}

/// How much of `own`, what the other side counted, is not in the books `b`. Less than was seen is a row that began anew.
pub(super) fn unseen(own: &str) -> String {
    format!("{own} - CASE WHEN {own} >= coalesce(b.seen, 0) THEN coalesce(b.seen, 0) ELSE 0 END")
}

/// Adds what came and was not seen yet.
async fn add(target: &Session, counters: &Counters) -> Result<Totals, PostgresError> {
    let doing = || PostgresError::query(format!("add to the counters of `{}`", counters.name()));
    let (incoming, table, books) = (incoming(counters), counters.table(), counters.books());
    if counters.expires() {
        // Kong reads an expired row as 0 and would go on doing so; it begins anew.
        let forget = format!(
            "WITH gone AS (DELETE FROM {table} AS c USING {incoming} AS i WHERE {same_row} AND c.ttl <= now() RETURNING {key_c})
             UPDATE {books} AS b SET base = 0, carried = 0 FROM gone WHERE {same_book}",
            same_row = counters.same("c", "i"),
            key_c = counters.key_of("c"),
            same_book = counters.same("b", "gone"),
        );
        target.batch_execute(&forget).await.map_err(doing())?;
    }
    // What is there is updated by a join, which costs a third of asking for each row whether it is; only what is new is asked about.
    let statement = format!(
        "WITH fresh AS MATERIALIZED (
             SELECT i.*, {unseen} AS more,
                    coalesce(b.seen, 0) AS seen, b.seen IS NOT NULL AS is_booked, c.{first} IS NOT NULL AS is_there
             FROM {incoming} AS i LEFT JOIN {books} AS b ON {same_book} LEFT JOIN {table} AS c ON {same_row}
         ), rebooked AS (
             UPDATE {books} AS b SET seen = f.own, carried = b.carried + f.more FROM fresh AS f
             WHERE {same_fresh_book} AND f.is_booked AND f.own <> f.seen
         ), booked AS (
             INSERT INTO {books} ({key}, base, seen, carried) SELECT {key}, 0, own, more FROM fresh WHERE NOT is_booked
         ), raised AS (
             UPDATE {table} AS c SET {count} = least(coalesce(c.{count}, 0)::bigint + f.more, {MOST}) FROM fresh AS f
             WHERE {same_fresh_row} AND f.is_there AND f.more > 0
         ), added AS (
             INSERT INTO {table} AS c ({key}, {count}{along})
             SELECT {key}, least(more, {MOST}){along} FROM fresh WHERE NOT is_there AND more > 0 ORDER BY {key}
             ON CONFLICT ({key}) DO UPDATE SET {count} = least(coalesce(c.{count}, 0)::bigint + excluded.{count}, {MOST})
         )
         SELECT count(*), coalesce(sum(more), 0)::bigint FROM fresh WHERE more > 0",
        unseen = unseen("i.own"),
        first = counters.first_of_key(),
        same_book = counters.same("b", "i"),
        same_row = counters.same("c", "i"),
        same_fresh_book = counters.same("b", "f"),
        same_fresh_row = counters.same("c", "f"),
        key = counters.key(),
        count = counters.count(),
        along = counters.along(None),
    );
    let row = target.query_one(&statement, &[]).await.map_err(doing())?;
    Ok(Totals {
        counters: row.get::<_, i64>(0).unsigned_abs(),
        increments: row.get::<_, i64>(1).unsigned_abs(),
    })
}

/// The largest value of Kong's columns, which are of type integer.
const MOST: i32 = i32::MAX;
