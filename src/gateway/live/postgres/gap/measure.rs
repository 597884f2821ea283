//! What a copy lacks, and what both sides counted: computed on the copy's server, from rows that are brought there for the moment.

use super::super::error::PostgresError;
use super::super::quote::{literal, qualified};
use super::super::session::Session;
use super::round::{IN_MEMORY, bring, incoming, open, own, shared, unseen};
use super::tables::Counters;
use super::{Counted, Gap, Lacking, Totals, books, statistics};
use crate::environment::Database;
use crate::kong::rate_limits::{Limit, limits, plugins};

/// What `copy` lacks of what `original` counted.
pub async fn lacking(
    original: &Database,
    copy: &Database,
    gap: &Gap,
) -> Result<Vec<Lacking>, PostgresError> {
    let mut found = Vec::new();
    let (source, target, shared) = compare(original, copy, gap).await?;
    for counters in &shared {
        let rows = target.query(&lacking_of(counters, gap), &[]).await;
        let rows = rows.map_err(PostgresError::query("measure what a copy lacks"))?;
        found.extend(rows.iter().map(|row| Lacking {
            table: counters.name().to_owned(),
            period: row.get(0),
            totals: Totals {
                counters: number(row.get(1)),
                increments: number(row.get(2)),
            },
            largest: number(row.get(3)),
            limited: number(row.get(4)),
            over_at_most: number(row.get(5)),
            over_expected: number(row.get(6)),
        }));
    }
    found.extend(statistics::lacking(&source, original, &target, copy, gap).await?);
    source.close().await;
    target.close().await;
    Ok(found)
}

/// What both sides counted.
pub async fn counted(
    original: &Database,
    copy: &Database,
    gap: &Gap,
) -> Result<Vec<Counted>, PostgresError> {
    let mut found = Vec::new();
    let (source, target, shared) = compare(original, copy, gap).await?;
    for counters in &shared {
        let rows = target.query(&counted_of(counters, gap), &[]).await;
        let rows = rows.map_err(PostgresError::query("read what both sides counted"))?;
        found.extend(rows.iter().map(|row| Counted {
            table: counters.name().to_owned(),
            period: row.get(0),
            counters: number(row.get(1)),
            by_from: number(row.get(2)),
            by_to: number(row.get(3)),
            lacking: number(row.get(4)),
            over_admitted: number(row.get(5)),
            uncertain: 0,
        }));
    }
    found.extend(statistics::counted(&source, original, &target, copy, gap).await?);
    source.close().await;
    target.close().await;
    Ok(found)
}

/// The rows of the table `plugins` that count, as objects.
pub async fn counting_plugins(
    database: &Database,
) -> Result<Vec<serde_json::Value>, PostgresError> {
    let session = open(database).await?;
    let found = plugins_of(&session, &database.schema).await;
    session.close().await;
    found
}

async fn plugins_of(
    session: &Session,
    schema: &str,
) -> Result<Vec<serde_json::Value>, PostgresError> {
    let statement = format!(
        "SELECT to_jsonb(p) FROM {} AS p WHERE name = ANY ($1)",
        qualified(schema, "plugins")
    );
    let rows = session.query(&statement, &[&plugins()]).await;
    let rows = rows.map_err(PostgresError::query("read the plugins that count"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Brings what the original counted, and the limits, to the copy, into a transaction that is never committed.
async fn compare(
    original: &Database,
    copy: &Database,
    gap: &Gap,
) -> Result<(Session, Session, Vec<Counters>), PostgresError> {
    let (source, target) = (open(original).await?, open(copy).await?);
    target
        .batch_execute(&format!("BEGIN; {IN_MEMORY}"))
        .await
        .map_err(PostgresError::query("begin to compare counters"))?;
    let shared = shared(&source, original, &target, copy).await?;
    for counters in &shared {
        bring(&source, original, &target, counters, gap).await?;
    }
    let limits = limits(&plugins_of(&source, &original.schema).await?, "cluster");
    target
        .batch_execute(&table_of(&limits))
        .await
        .map_err(PostgresError::query("bring the limits"))?;
    Ok((source, target, shared))
}

fn table_of(limits: &[Limit]) -> String {
    let make = "CREATE TEMP TABLE limits (place text, scope text, route text, period text, consumer text, most bigint) ON COMMIT DROP";
    let row = |limit: &Limit| {
        let consumer = limit.consumer.as_deref().map_or("NULL".to_owned(), literal);
        format!(
            "({}, {}, {}, {}, {consumer}, {})",
            literal(limit.table),
            literal(&limit.scope),
            literal(&limit.route),
            literal(&limit.period),
            limit.limit
        )
    };
    let rows: Vec<String> = limits.iter().map(row).collect();
    if rows.is_empty() {
        make.to_owned()
    } else {
        format!(
            "{make}; INSERT INTO pg_temp.limits VALUES {}",
            rows.join(", ")
        )
    }
}

/// Joins the limit of the row `x`: that of its consumer, or else that of everybody.
fn limits_for(counters: &Counters) -> String {
    let Some((scope, route, identifier)) = counters.limited_by("x") else {
        return "CROSS JOIN (SELECT NULL::bigint AS most) AS l".to_owned();
    };
    let period = counters.period("x");
    let join = |alias: &str, consumer: &str| {
        format!(
            "LEFT JOIN (SELECT scope, route, period, consumer, min(most) AS most FROM pg_temp.limits WHERE place = {place}
                        GROUP BY 1, 2, 3, 4) AS {alias}
             ON {alias}.scope = {scope} AND {alias}.route = {route} AND {alias}.period = {period} AND {alias}.consumer {consumer}",
            place = literal(counters.name()),
        )
    };
    format!(
        "{} {} CROSS JOIN LATERAL (SELECT coalesce(own_limit.most, anybodys.most) AS most) AS l",
        join("own_limit", &format!("= {identifier}")),
        join("anybodys", "IS NULL"),
    )
}

fn lacking_of(counters: &Counters, gap: &Gap) -> String {
    let alive = if counters.expires() {
        "AND (c.ttl IS NULL OR c.ttl > now())"
    } else {
        ""
    };
    format!(
        "SELECT {period}::text, count(*)::bigint, sum(more)::bigint, max(more)::bigint, count(l.most)::bigint,
                coalesce(sum(least(more, greatest(l.most - held, 0))), 0)::bigint,
                coalesce(round(sum(least(coming, greatest(l.most - held, 0)) - least(coming, greatest(l.most - held - more, 0)))), 0)::bigint
         FROM (
             SELECT i.*, {unseen} AS more,
                    coalesce(c.{count}, 0)::bigint AS held, greatest(i.own - coalesce(b.base, 0), 0) AS counted
             FROM {incoming} AS i
             LEFT JOIN {books} AS b ON {same_book}
             LEFT JOIN {table} AS c ON {same_row} {alive}
         ) AS x
         CROSS JOIN LATERAL (
             SELECT counted * (extract(epoch FROM greatest({ends} - now(), interval '0'))::float8
                               / greatest(extract(epoch FROM now() - {since})::float8, 1)) AS coming
         ) AS pace
         {limits}
         WHERE more > 0 GROUP BY 1 ORDER BY 1",
        period = counters.period("x"),
        count = counters.count(),
        unseen = unseen("i.own"),
        incoming = incoming(counters),
        books = counters.books(),
        same_book = counters.same("b", "i"),
        table = counters.table(),
        same_row = counters.same("c", "i"),
        ends = counters.ends("x"),
        since = gap.since_sql(),
        limits = limits_for(counters),
    )
}

fn counted_of(counters: &Counters, gap: &Gap) -> String {
    format!(
        "SELECT {period}::text, count(*)::bigint, sum(by_from)::bigint, sum(by_to)::bigint, sum(more)::bigint,
                coalesce(sum(greatest(base + by_from + by_to - greatest(l.most, base), 0)) FILTER (WHERE l.most IS NOT NULL), 0)::bigint
         FROM (
             SELECT {key_both}, coalesce(b.base, 0) AS base, coalesce(o.own, 0) AS by_to,
                    greatest(coalesce(i.own, b.seen, 0) - coalesce(b.base, 0), 0) AS by_from,
                    {unseen} AS more
             FROM {incoming} AS i
             FULL JOIN ({own}) AS o USING ({key})
             LEFT JOIN {books} AS b USING ({key})
         ) AS x
         {limits}
         WHERE by_from + by_to > 0 GROUP BY 1 ORDER BY 1",
        period = counters.period("x"),
        unseen = unseen("coalesce(i.own, 0)"),
        key_both = counters.key(),
        incoming = incoming(counters),
        own = own(counters, true, gap),
        books = counters.books(),
        key = counters.key(),
        limits = limits_for(counters),
    )
}

/// A count from the server, which is never negative.
fn number(count: i64) -> u64 {
    count.unsigned_abs()
}

/// Whether there are books on the copy that say what the gap is.
pub async fn gap_of(copy: &Database) -> Result<Option<Gap>, PostgresError> {
    let session = open(copy).await?;
    let found = books::gap(&session, &copy.schema).await;
    session.close().await;
    found
}
