//! The counters between a database and its copy, against an oracle that knows every request.
//!
//! Random traces on a real PostgreSQL: requests on either side, rounds in both directions, rounds that are broken off at any moment, that
//! are made twice and by two runners at once. Whatever the trace, a whole round leaves each side with what it counted itself and all
//! that the other did, once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cutover::environment::Database;
use cutover::gateway::live::postgres::gap::{
    Books, Gap, begin, carry, catch_up, close, counted, lacking, take_back,
};
use cutover::gateway::live::postgres::{
    RestoreRequest, Role, Session, backup, connect, restore_beside,
};
use cutover::lab::postgres::SUPERUSER;
use proptest::prelude::RngExt as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::postgres_backup::restore_request;
use crate::postgres_fixture::{Fixture, OWNER, request};
use crate::practice_cluster::everything;

/// Kong's tables, as its own plugins make them, and the Enterprise table of counters.
const TABLES: &str = r#"
CREATE SCHEMA kong;
CREATE TABLE kong.ratelimiting_metrics (
    identifier text NOT NULL, period text NOT NULL, period_date timestamptz NOT NULL,
    service_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
    route_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
    value integer, ttl timestamptz, PRIMARY KEY (identifier, period, period_date, service_id, route_id));
CREATE TABLE kong.response_ratelimiting_metrics (
    identifier text NOT NULL, period text NOT NULL, period_date timestamptz NOT NULL,
    service_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
    route_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
    value integer, PRIMARY KEY (identifier, period, period_date, service_id, route_id));
CREATE TABLE kong.rl_counters (
    key text NOT NULL, namespace text NOT NULL, window_start integer NOT NULL, window_size integer NOT NULL, count integer,
    PRIMARY KEY (key, namespace, window_start, window_size));
CREATE TABLE kong.oauth2_tokens (id uuid PRIMARY KEY, access_token text UNIQUE, ttl timestamptz);
CREATE TABLE kong.plugins (id serial PRIMARY KEY, name text, enabled boolean DEFAULT true, config jsonb, service_id uuid, route_id uuid,
    consumer_id uuid);
INSERT INTO kong.plugins (name, config) VALUES
    ('rate-limiting', '{"policy": "cluster", "second": 5, "minute": 9, "hour": 20, "day": 30, "year": 60}'),
    ('response-ratelimiting', '{"policy": "cluster", "limits": {"large_files": {"month": 25}}}'),
    ('rate-limiting-advanced', '{"strategy": "cluster", "namespace": "n", "limit": [15], "window_size": [86400]}');
"#;

/// The windows in which clients count: table, period as reports call it, limit. The short ones are tomorrow's first, since today's may end
/// while a trace runs.
const WINDOWS: [(&str, &str, Option<u64>); 8] = [
    ("ratelimiting_metrics", "day", Some(30)),
    ("ratelimiting_metrics", "month", None),
    ("ratelimiting_metrics", "year", Some(60)),
    (
        "response_ratelimiting_metrics",
        "large_files_month",
        Some(25),
    ),
    ("rl_counters", "86400 s", Some(15)),
    ("ratelimiting_metrics", "second", Some(5)),
    ("ratelimiting_metrics", "minute", Some(9)),
    ("ratelimiting_metrics", "hour", Some(20)),
];

/// A counter: its window, and whose it is.
type Counter = (usize, u8);

const CLIENTS: u8 = 4;

/// Two databases on one server.
pub(crate) struct Pair {
    pub(crate) fixture: Fixture,
    pub(crate) blue: Database,
    pub(crate) green: Database,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let fixture = Fixture::start_empty(5432, &[]);
        for name in ["blue", "green"] {
            fixture.psql(
                SUPERUSER,
                "postgres",
                &format!("CREATE DATABASE {name} OWNER {OWNER}"),
            );
            fixture.psql(OWNER, name, TABLES);
        }
        let named = |name: &str| Database {
            database: name.to_owned(),
            ..fixture.database()
        };
        let (blue, green) = (named("blue"), named("green"));
        Self {
            fixture,
            blue,
            green,
        }
    }
}

/// A gap that begins now.
pub(crate) fn begun_now() -> Gap {
    Gap {
        id: "a dump".to_owned(),
        since: jiff::Timestamp::now(),
        copy: "green".to_owned(),
        is_copy: true,
    }
}

/// Waits for the next day where this one is nearly over: a trace counts in one window.
async fn away_from_midnight() {
    let left = 86_400 - jiff::Timestamp::now().as_second().rem_euclid(86_400);
    if left < 60 {
        tokio::time::sleep(Duration::from_secs(left.unsigned_abs())).await;
    }
}

/// Adds requests to a counter, as Kong does.
async fn count(session: &Session, (window, client): Counter, requests: u64) {
    let (table, period, _) = WINDOWS[window];
    let statement = if table == "rl_counters" {
        format!(
            "INSERT INTO kong.rl_counters VALUES ('client-{client}', 'n', (extract(epoch FROM now())::bigint / 86400 * 86400)::integer, 86400, {requests})
             ON CONFLICT (key, namespace, window_start, window_size) DO UPDATE SET count = rl_counters.count + excluded.count"
        )
    } else {
        let begins = match period.rsplit('_').next().expect("a unit") {
            "second" | "minute" | "hour" => {
                "date_trunc('day', now()) + interval '1 day'".to_owned()
            }
            unit => format!("date_trunc('{unit}', now())"),
        };
        format!(
            "INSERT INTO kong.{table} (identifier, period, period_date, value)
             VALUES ('client-{client}', '{period}', {begins}, {requests})
             ON CONFLICT (identifier, period, period_date, service_id, route_id) DO UPDATE SET value = {table}.value + excluded.value"
        )
    };
    session.batch_execute(&statement).await.expect("counted");
}

/// Every counter that is not 0.
async fn read(session: &Session) -> BTreeMap<Counter, u64> {
    let mut found = BTreeMap::new();
    for (window, (table, period, _)) in WINDOWS.iter().enumerate() {
        let statement = if *table == "rl_counters" {
            "SELECT key, count::bigint FROM kong.rl_counters".to_owned()
        } else {
            format!("SELECT identifier, value::bigint FROM kong.{table} WHERE period = '{period}'")
        };
        for row in session.query(&statement, &[]).await.expect("read") {
            let client: String = row.get(0);
            let client = client.trim_start_matches("client-").parse().expect("one");
            let value: i64 = row.get(1);
            if value > 0 {
                found.insert((window, client), value.unsigned_abs());
            }
        }
    }
    found
}

/// Which requests each side has seen itself, and which of the other's it was told of.
#[derive(Debug, Default)]
struct Oracle {
    base: BTreeMap<Counter, u64>,
    blue: BTreeMap<Counter, u64>,
    green: BTreeMap<Counter, u64>,
    told_green: BTreeMap<Counter, u64>,
    told_blue: BTreeMap<Counter, u64>,
}

fn of(counts: &BTreeMap<Counter, u64>, counter: Counter) -> u64 {
    counts.get(&counter).copied().unwrap_or_default()
}

impl Oracle {
    fn counters() -> impl Iterator<Item = Counter> {
        (0..WINDOWS.len()).flat_map(|window| (0..CLIENTS).map(move |client| (window, client)))
    }

    fn held(
        &self,
        own: &BTreeMap<Counter, u64>,
        told: &BTreeMap<Counter, u64>,
    ) -> BTreeMap<Counter, u64> {
        Self::counters()
            .map(|c| (c, of(&self.base, c) + of(own, c) + of(told, c)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    fn blue(&self) -> BTreeMap<Counter, u64> {
        self.held(&self.blue, &self.told_blue)
    }

    fn green(&self) -> BTreeMap<Counter, u64> {
        self.held(&self.green, &self.told_green)
    }

    /// What green lacks by window: counters, increments, the largest, what would pass at most.
    fn lacking(&self) -> BTreeMap<usize, (u64, u64, u64, u64)> {
        let mut found: BTreeMap<usize, (u64, u64, u64, u64)> = BTreeMap::new();
        let held = self.green();
        for counter in Self::counters() {
            let more = of(&self.blue, counter) - of(&self.told_green, counter);
            if more == 0 {
                continue;
            }
            let over = WINDOWS[counter.0].2.map_or(0, |limit| {
                more.min(limit.saturating_sub(of(&held, counter)))
            });
            let all = found.entry(counter.0).or_default();
            *all = (all.0 + 1, all.1 + more, all.2.max(more), all.3 + over);
        }
        found
    }

    /// What passed over the limits, of all requests on both sides.
    fn over_admitted(&self) -> u64 {
        Self::counters()
            .filter_map(|counter| {
                let limit = WINDOWS[counter.0].2?;
                let base = of(&self.base, counter);
                let counted = of(&self.blue, counter) + of(&self.green, counter);
                (counted > 0).then(|| (base + counted).saturating_sub(limit.max(base)))
            })
            .sum()
    }
}

async fn trace(pair: &Pair, runner: &mut TestRunner, rounds: &mut u64) {
    let (blue, green) = (
        connect(&pair.blue, Role::Owner, None).await.expect("blue"),
        connect(&pair.green, Role::Owner, None)
            .await
            .expect("green"),
    );
    let mut oracle = Oracle::default();
    for session in [&blue, &green] {
        session
            .batch_execute(
                "TRUNCATE kong.ratelimiting_metrics, kong.response_ratelimiting_metrics, kong.rl_counters",
            )
            .await
            .expect("emptied");
    }
    let pick = |runner: &mut TestRunner| -> Counter {
        let rng = runner.rng();
        (
            rng.random_range(0..WINDOWS.len()),
            rng.random_range(0..CLIENTS),
        )
    };
    for _ in 0..runner.rng().random_range(0..12) {
        let (counter, requests) = (pick(runner), runner.rng().random_range(1..20));
        for session in [&blue, &green] {
            count(session, counter, requests).await;
        }
        *oracle.base.entry(counter).or_default() += requests;
    }
    let gap = begun_now();
    begin(&pair.green, &gap).await.expect("begun");
    for _ in 0..runner.rng().random_range(4..16) {
        match runner.rng().random_range(0..10) {
            0..=3 => {
                let (counter, requests) = (pick(runner), runner.rng().random_range(1..20));
                count(&blue, counter, requests).await;
                *oracle.blue.entry(counter).or_default() += requests;
            }
            4..=5 => {
                let (counter, requests) = (pick(runner), runner.rng().random_range(1..20));
                count(&green, counter, requests).await;
                *oracle.green.entry(counter).or_default() += requests;
            }
            6 => {
                carry(&pair.blue, &pair.green, &gap, "one")
                    .await
                    .expect("carried");
                oracle.told_green = oracle.blue.clone();
                *rounds += 1;
            }
            7 => {
                carry(&pair.green, &pair.blue, &gap, "one")
                    .await
                    .expect("carried");
                oracle.told_blue = oracle.green.clone();
                *rounds += 1;
            }
            8 => {
                // Two runners at once, and one that is broken off: between them they did one round.
                let broken = Duration::from_micros(runner.rng().random_range(0..60_000));
                let _ =
                    tokio::time::timeout(broken, carry(&pair.blue, &pair.green, &gap, "broken"))
                        .await;
                let (one, other) = tokio::join!(
                    carry(&pair.blue, &pair.green, &gap, "one"),
                    carry(&pair.blue, &pair.green, &gap, "two"),
                );
                one.expect("carried");
                other.expect("carried");
                oracle.told_green = oracle.blue.clone();
                *rounds += 3;
            }
            _ => {
                take_back(&pair.green, Books::Stay)
                    .await
                    .expect("taken back");
                oracle.told_green.clear();
            }
        }
        assert_eq!(read(&blue).await, oracle.blue(), "blue, {oracle:?}");
        assert_eq!(read(&green).await, oracle.green(), "green, {oracle:?}");
        if runner.rng().random_range(0..3) == 0 {
            compare(pair, &gap, &oracle).await;
        }
    }
    compare(pair, &gap, &oracle).await;
    // The way back: blue is as blue alone would have it, and nothing of ours is in it.
    take_back(&pair.blue, Books::Go).await.expect("taken back");
    oracle.told_blue.clear();
    assert_eq!(read(&blue).await, oracle.blue(), "blue alone, {oracle:?}");
    let ours = "SELECT count(*) FROM pg_class WHERE relname LIKE 'cutover%'";
    let left: i64 = blue.query_one(ours, &[]).await.expect("asked").get(0);
    assert_eq!(left, 0);
    close(&pair.green).await.expect("closed");
    blue.close().await;
    green.close().await;
}

/// What is measured and reported is what the oracle knows.
async fn compare(pair: &Pair, gap: &Gap, oracle: &Oracle) {
    let found: BTreeMap<usize, (u64, u64, u64, u64)> = lacking(&pair.blue, &pair.green, gap)
        .await
        .expect("measured")
        .into_iter()
        .map(|one| {
            let window = window(&one.table, &one.period);
            assert!(one.over_expected <= one.over_at_most, "{one:?}");
            let figures = (
                one.totals.counters,
                one.totals.increments,
                one.largest,
                one.over_at_most,
            );
            (window, figures)
        })
        .collect();
    assert_eq!(found, oracle.lacking(), "{oracle:?}");
    let reported = counted(&pair.blue, &pair.green, gap).await.expect("read");
    let over: u64 = reported.iter().map(|one| one.over_admitted).sum();
    assert_eq!(over, oracle.over_admitted(), "{reported:?} {oracle:?}");
}

fn window(table: &str, period: &str) -> usize {
    let found = WINDOWS
        .iter()
        .position(|(known, called, _)| (*known, *called) == (table, period));
    found.expect("a window that counts")
}

#[tokio::test]
async fn random_traces_are_counted_once() {
    let traces = if everything() { 300 } else { 10 };
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    );
    let (pair, mut rounds) = (Pair::new(), 0);
    for _ in 0..traces {
        away_from_midnight().await;
        trace(&pair, &mut runner, &mut rounds).await;
    }
    println!("{traces} traces with {rounds} rounds");
    assert!(rounds > traces / 2);
}

#[tokio::test]
async fn what_is_over_is_not_carried_and_what_died_counts_anew() {
    let pair = Pair::new();
    let (blue, green) = (
        connect(&pair.blue, Role::Owner, None).await.expect("blue"),
        connect(&pair.green, Role::Owner, None)
            .await
            .expect("green"),
    );
    let row = |client: &str, began: &str, value: u32, ttl: &str| {
        format!(
            "INSERT INTO kong.ratelimiting_metrics (identifier, period, period_date, value, ttl)
             VALUES ('{client}', 'month', {began}, {value}, {ttl});"
        )
    };
    let now = "date_trunc('month', now())";
    for session in [&blue, &green] {
        let both = [
            row("alive", now, 10, "now() + interval '1 day'"),
            row("reborn", now, 10, "NULL"),
            row("expired there", now, 10, "now() + interval '1 day'"),
        ]
        .concat();
        session.batch_execute(&both).await.expect("written");
    }
    let gap = begun_now();
    begin(&pair.green, &gap).await.expect("begun");
    let set = |client: &str, value: u32| {
        format!(
            "UPDATE kong.ratelimiting_metrics SET value = {value} WHERE identifier = '{client}';"
        )
    };
    let since = [
        set("alive", 15),
        set("reborn", 3),
        set("expired there", 12),
        // Kong reads this as 0, and that window is over.
        row("expired", now, 7, "now() - interval '1 second'"),
        row(
            "last month",
            &format!("{now} - interval '1 month'"),
            7,
            "NULL",
        ),
    ]
    .concat();
    blue.batch_execute(&since).await.expect("counted");
    let expire = "UPDATE kong.ratelimiting_metrics SET ttl = now() - interval '1 second' WHERE identifier = 'expired there'";
    green.batch_execute(expire).await.expect("expired");
    for _ in 0..2 {
        carry(&pair.blue, &pair.green, &gap, "one")
            .await
            .expect("carried");
    }
    let rows = green
        .query(
            "SELECT identifier, value, coalesce(ttl > now(), true) FROM kong.ratelimiting_metrics ORDER BY 1",
            &[],
        )
        .await
        .expect("read");
    let rows: Vec<(String, i32, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let expected = [("alive", 15), ("expired there", 2), ("reborn", 13)];
    assert_eq!(
        rows,
        expected.map(|(client, value)| (client.to_owned(), value, true))
    );
    // None of it came from green, so nothing goes back.
    carry(&pair.green, &pair.blue, &gap, "one")
        .await
        .expect("carried");
    let alive = "SELECT value FROM kong.ratelimiting_metrics WHERE identifier = 'alive'";
    let alive: i32 = blue.query_one(alive, &[]).await.expect("read").get(0);
    assert_eq!(alive, 15);
}

#[tokio::test]
async fn what_is_expected_is_what_clients_would_do_if_they_went_on() {
    away_from_midnight().await;
    let pair = Pair::new();
    let blue = connect(&pair.blue, Role::Owner, None).await.expect("blue");
    let since = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let gap = Gap {
        id: "a dump".to_owned(),
        since,
        copy: "green".to_owned(),
        is_copy: true,
    };
    begin(&pair.green, &gap).await.expect("begun");
    // 15 in an hour of a window of a day with a limit of 15: whether that many come again depends on what is left of the day.
    count(&blue, (4, 0), 15).await;
    let found = lacking(&pair.blue, &pair.green, &gap).await.expect("read");
    let second = jiff::Timestamp::now().as_second();
    let left = (second.div_euclid(86_400) + 1) * 86_400 - second;
    let coming = (left * 15 / 3_600).min(15).unsigned_abs();
    let one = &found[0];
    assert_eq!((one.limited, one.over_at_most), (1, 15));
    assert!(one.over_expected.abs_diff(coming) <= 1, "{one:?} {coming}");
    // And a limit that nobody comes near lets nothing pass that should not.
    count(&blue, (2, 1), 1).await;
    let found = lacking(&pair.blue, &pair.green, &gap).await.expect("read");
    let year = found
        .iter()
        .find(|one| one.period == "year")
        .expect("there");
    assert_eq!((year.limited, year.over_at_most), (1, 1), "{found:?}");
}

/// The tokens of a database, by number.
async fn tokens(session: &Session) -> BTreeSet<u32> {
    let rows = session
        .query("SELECT access_token FROM kong.oauth2_tokens", &[])
        .await
        .expect("read");
    rows.iter()
        .map(|row| row.get::<_, String>(0).parse().expect("a number"))
        .collect()
}

#[tokio::test]
async fn tokens_are_known_on_both_sides_and_revoked_on_both() {
    let traces = if everything() { 100 } else { 10 };
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]),
    );
    let pair = Pair::new();
    let (blue, green) = (
        connect(&pair.blue, Role::Owner, None).await.expect("blue"),
        connect(&pair.green, Role::Owner, None)
            .await
            .expect("green"),
    );
    let issue = |number: u32| {
        format!(
            "INSERT INTO kong.oauth2_tokens VALUES (md5('{number}')::uuid, '{number}', now() + interval '1 hour')"
        )
    };
    let mut rounds = 0;
    for _ in 0..traces {
        let (mut issued, mut revoked, mut next) = (BTreeSet::new(), BTreeSet::new(), 0_u32);
        for session in [&blue, &green] {
            let empty = "TRUNCATE kong.oauth2_tokens";
            session.batch_execute(empty).await.expect("emptied");
        }
        while next < 5 {
            for session in [&blue, &green] {
                session.batch_execute(&issue(next)).await.expect("issued");
            }
            issued.insert(next);
            next += 1;
        }
        let gap = begun_now();
        begin(&pair.green, &gap).await.expect("begun");
        for _ in 0..runner.rng().random_range(4..14) {
            let side = [&blue, &green][runner.rng().random_range(0..2)];
            match runner.rng().random_range(0..6) {
                0..=1 => {
                    side.batch_execute(&issue(next)).await.expect("issued");
                    issued.insert(next);
                    next += 1;
                }
                2..=3 => {
                    let known: Vec<u32> = tokens(side).await.into_iter().collect();
                    if known.is_empty() {
                        continue;
                    }
                    let number = known[runner.rng().random_range(0..known.len())];
                    let revoke =
                        format!("DELETE FROM kong.oauth2_tokens WHERE access_token = '{number}'");
                    side.batch_execute(&revoke).await.expect("revoked");
                    revoked.insert(number);
                }
                4 => {
                    catch_up(&pair.blue, &pair.green, false)
                        .await
                        .expect("caught up");
                    rounds += 1;
                    // What was revoked on either side is not on the copy, whatever it got besides.
                    let found = tokens(&green).await;
                    assert!(found.is_disjoint(&revoked), "{found:?} {revoked:?}");
                }
                _ => {
                    let broken = Duration::from_micros(runner.rng().random_range(0..30_000));
                    let round = catch_up(&pair.blue, &pair.green, true);
                    let _ = tokio::time::timeout(broken, round).await;
                    let (one, other) = tokio::join!(
                        catch_up(&pair.blue, &pair.green, true),
                        catch_up(&pair.blue, &pair.green, true),
                    );
                    one.expect("caught up");
                    other.expect("caught up");
                    rounds += 3;
                    let expected: BTreeSet<u32> = issued.difference(&revoked).copied().collect();
                    assert_eq!(tokens(&blue).await, expected, "blue");
                    assert_eq!(tokens(&green).await, expected, "green");
                }
            }
        }
        close(&pair.green).await.expect("closed");
    }
    println!("{traces} traces with {rounds} rounds of tokens");
}

/// The tables of real Kong 2.8, 3.4 and 3.9, and of a 2.8 that was migrated to 3.4.
const RECORDED: [&str; 4] = ["st_28", "st_28_34fin", "st_34", "st_39fin"];

#[tokio::test]
async fn the_tables_of_real_kong_are_copied_and_carried_as_they_are() {
    for name in RECORDED {
        let path = format!(
            "{}/../shared/domain/kong-observed/databases/{name}.sql",
            env!("CARGO_MANIFEST_DIR")
        );
        let Ok(tables) = std::fs::read_to_string(&path) else {
            println!("skipped: {path} is absent");
            continue;
        };
        let fixture = Fixture::start_empty(5432, &[]);
        fixture.psql(
            SUPERUSER,
            "postgres",
            &format!("CREATE DATABASE kong OWNER {OWNER}"),
        );
        let tables = tables.replace("public.", "kong.");
        fixture.psql(OWNER, "kong", &format!("CREATE SCHEMA kong; {tables}"));
        let blue = fixture.database();
        let green = Database {
            database: "kong_green".to_owned(),
            ..blue.clone()
        };
        let session = connect(&blue, Role::Owner, None).await.expect("connected");
        let counted = "INSERT INTO kong.ratelimiting_metrics (identifier, period, period_date, value)
            VALUES ('client-0', 'year', date_trunc('year', now()), 3)
            ON CONFLICT (identifier, period, period_date, service_id, route_id) DO UPDATE SET value = ratelimiting_metrics.value + 3";
        session.batch_execute(counted).await.expect("counted");
        let taken = backup(&blue, &request(&fixture.path("dump")), |_| ())
            .await
            .expect("taken");
        let restore = RestoreRequest {
            name: green.database.clone(),
            ..restore_request(&taken, "kong_green")
        };
        restore_beside(&green, &restore).await.expect("restored");
        let gap = Gap {
            id: taken.manifest_digest,
            since: taken.taken_at,
            copy: "green".to_owned(),
            is_copy: true,
        };
        begin(&green, &gap).await.expect("begun");
        session.batch_execute(counted).await.expect("counted");
        let added = carry(&blue, &green, &gap, "run").await.expect("carried");
        let all: u64 = added.iter().map(|table| table.totals.increments).sum();
        assert_eq!(all, 3, "{name}: {added:?}");
        let tables: Vec<&str> = added.iter().map(|table| table.table.as_str()).collect();
        assert_eq!(
            tables,
            ["ratelimiting_metrics", "response_ratelimiting_metrics"],
            "{name}"
        );
        session.close().await;
    }
}
