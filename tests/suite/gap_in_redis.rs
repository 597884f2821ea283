//! The counters of two Redis, against an oracle that knows every request.
//!
//! Random traces on two real servers: requests as Kong 2.8 counts them (read, judge, raise) and as 3.x does (raise, judge), in windows
//! from a second to a year and in hashes of the advanced plugin; rounds both ways, broken off, made twice and by two at once.

use std::collections::BTreeMap;
use std::time::Duration;

use cutover::environment::{Access, Redis};
use cutover::gateway::live::redis::{
    Books, Direction, Limits, Pair, Side, carried_into, carry, counted, lacking, pairs, take_back,
};
use cutover::kong::rate_limits::limits;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Unit};
use proptest::prelude::RngExt as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use redis::{Commands as _, Connection};
use serde_json::{Value, json};

use crate::practice_cluster::everything;
use crate::redis_server::RedisServer;

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Where clients count: the period as reports call it, and the limit.
const WINDOWS: [(&str, Option<i64>); 8] = [
    ("second", Some(5)),
    ("minute", Some(8)),
    ("hour", Some(12)),
    ("day", None),
    ("month", Some(30)),
    ("year", Some(40)),
    ("video_day", Some(10)),
    ("86400 s", Some(15)),
];

const CLIENTS: u8 = 3;

/// A counter: its window, and whose it is.
type Counter = (usize, u8);

/// The plugins of either side; `port` is what they call their Redis by.
fn plugins(port: u16) -> Vec<Value> {
    let redis = json!({"host": "127.0.0.1", "port": port, "database": 0});
    vec![
        json!({"id": 1, "name": "rate-limiting", "service_id": "s", "config": {"policy": "redis", "redis": redis,
               "second": 5, "minute": 8, "hour": 12, "month": 30, "year": 40}}),
        json!({"id": 2, "name": "response-ratelimiting", "route_id": "r", "config": {"policy": "redis", "redis": redis,
               "limits": {"video": {"day": 10}}}}),
        json!({"id": 3, "name": "rate-limiting-advanced", "config": {"strategy": "redis", "namespace": "n", "redis": redis,
               "limit": [15], "window_size": [86_400]}}),
    ]
}

/// Two Redis, and what goes between them.
struct World {
    blue: RedisServer,
    green: RedisServer,
    pair: Pair,
    limits: Limits,
    /// When the windows of this trace begin.
    now: Timestamp,
}

/// A side whose plugins count in `server`, if the environment names it.
fn side<'a>(name: &'a str, server: &RedisServer, settings: &'a Redis) -> Side<'a> {
    Side {
        plugins: plugins(server.port),
        // A name of its own, as in an environment.
        stores: vec![(name, settings)],
        access: Access::Run,
    }
}

impl World {
    async fn new() -> Self {
        let (blue, green) = (RedisServer::start(), RedisServer::start());
        let (here, there) = (blue.settings(), green.settings());
        let found = pairs(&side("blue", &blue, &here), &side("green", &green, &there)).await;
        let mut found = found.expect("both answer");
        assert!(found.left.is_empty(), "{:?}", found.left);
        assert_eq!(
            found.carried.len(),
            1,
            "the three plugins of a side count in one place"
        );
        Self {
            limits: Limits::of(limits(&plugins(blue.port), "redis")),
            pair: found.carried.remove(0),
            blue,
            green,
            now: Timestamp::now(),
        }
    }

    /// The key of a counter, and its field in a hash. Short windows are to come, so that no trace sees one end.
    fn named(&self, (window, client): Counter) -> (String, Option<String>) {
        let (period, _) = WINDOWS[window];
        // With colons, as an address has them.
        let who = format!("::{client}");
        let begins = |unit: Unit| {
            let at = self.now + SignedDuration::from_hours(i64::from(unit < Unit::Day));
            let at = at.to_zoned(TimeZone::UTC);
            let begin = match unit {
                Unit::Year => at.first_of_year(),
                Unit::Month => at.first_of_month(),
                _ => return at.timestamp().as_second() / seconds(unit) * seconds(unit) * 1_000,
            };
            begin
                .expect("a date")
                .start_of_day()
                .expect("a moment")
                .timestamp()
                .as_millisecond()
        };
        let plain = |unit| {
            (
                format!("ratelimit:{NOBODY}:s:{who}:{}:{period}", begins(unit)),
                None,
            )
        };
        match period {
            "second" => plain(Unit::Second),
            "minute" => plain(Unit::Minute),
            "hour" => plain(Unit::Hour),
            "day" => plain(Unit::Day),
            "month" => plain(Unit::Month),
            "year" => plain(Unit::Year),
            "video_day" => {
                let begins = begins(Unit::Day);
                (
                    format!("response-ratelimit:r:{NOBODY}:{who}:{begins}:video:day"),
                    None,
                )
            }
            _ => (format!("{}:86400:n", begins(Unit::Day) / 1_000), Some(who)),
        }
    }

    fn read(&self, connection: &mut Connection, counter: Counter) -> i64 {
        let (key, field) = self.named(counter);
        let held: Option<i64> = match field {
            Some(field) => connection.hget(key, field),
            None => connection.get(key),
        }
        .expect("read");
        held.unwrap_or(0)
    }

    /// A request, as Kong counts it: whether it is admitted, and whether it was counted.
    fn request(
        &self,
        connection: &mut Connection,
        counter: Counter,
        since_3: bool,
    ) -> (bool, bool) {
        let is_admitted = WINDOWS[counter.0]
            .1
            .is_none_or(|limit| self.read(connection, counter) < limit);
        if since_3 || is_admitted {
            let (key, field) = self.named(counter);
            let _: i64 = match field {
                Some(field) => connection.hincr(&key, field, 1),
                None => connection.incr(&key, 1),
            }
            .expect("counted");
            let _: bool = connection.expire(&key, 90_000).expect("asked");
        }
        (is_admitted, since_3 || is_admitted)
    }
}

fn seconds(unit: Unit) -> i64 {
    match unit {
        Unit::Second => 1,
        Unit::Minute => 60,
        Unit::Hour => 3_600,
        _ => 86_400,
    }
}

/// Waits for the next day where this one is nearly over: a trace counts in one window.
async fn away_from_midnight() {
    let left = 86_400 - Timestamp::now().as_second().rem_euclid(86_400);
    if left < 60 {
        tokio::time::sleep(Duration::from_secs(left.unsigned_abs())).await;
    }
}

/// What each side has counted and admitted itself, and which of the other's it was told of.
#[derive(Debug, Default)]
struct Oracle {
    blue: BTreeMap<Counter, i64>,
    green: BTreeMap<Counter, i64>,
    told_green: BTreeMap<Counter, i64>,
    told_blue: BTreeMap<Counter, i64>,
    admitted: BTreeMap<Counter, i64>,
    /// What was carried has been taken back, so that its part in what was admitted cannot be told any more.
    is_taken_back: bool,
}

fn of(counts: &BTreeMap<Counter, i64>, counter: Counter) -> i64 {
    counts.get(&counter).copied().unwrap_or_default()
}

fn all() -> impl Iterator<Item = Counter> {
    (0..WINDOWS.len()).flat_map(|window| (0..CLIENTS).map(move |client| (window, client)))
}

impl Oracle {
    fn agrees(&self, world: &World, connections: &mut [Connection; 2]) {
        for counter in all() {
            let right = of(&self.blue, counter) + of(&self.told_blue, counter);
            assert_eq!(
                world.read(&mut connections[0], counter),
                right,
                "blue {counter:?} {self:?}"
            );
            let right = of(&self.green, counter) + of(&self.told_green, counter);
            assert_eq!(
                world.read(&mut connections[1], counter),
                right,
                "green {counter:?} {self:?}"
            );
        }
    }

    /// What green lacks by period: counters, increments, the largest, what would pass at most.
    fn lacking(&self) -> BTreeMap<String, (u64, u64, u64, u64)> {
        let mut found: BTreeMap<String, (u64, u64, u64, u64)> = BTreeMap::new();
        for counter in all() {
            let more = of(&self.blue, counter) - of(&self.told_green, counter);
            if more == 0 {
                continue;
            }
            let held = of(&self.green, counter) + of(&self.told_green, counter);
            let (period, limit) = WINDOWS[counter.0];
            let over = limit.map_or(0, |limit| more.min((limit - held).max(0)));
            let line = found.entry(period.to_owned()).or_default();
            let (more, over) = (more.unsigned_abs(), over.unsigned_abs());
            *line = (line.0 + 1, line.1 + more, line.2.max(more), line.3 + over);
        }
        found
    }

    /// Requests that passed over their limits, by period.
    fn over_admitted(&self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for counter in all() {
            let (period, limit) = WINDOWS[counter.0];
            let over = limit.map_or(0, |limit| (of(&self.admitted, counter) - limit).max(0));
            *found.entry(period.to_owned()).or_default() += over.unsigned_abs();
        }
        found
    }

    async fn compare(&self, world: &World) {
        let measured = lacking(&world.pair, "gap", &world.limits).await;
        let measured: BTreeMap<_, _> = measured
            .expect("measured")
            .into_iter()
            .map(|one| {
                assert!(one.over_expected <= one.over_at_most, "{one:?}");
                let Lines {
                    counters,
                    increments,
                } = one.totals.into();
                (
                    one.period,
                    (counters, increments, one.largest, one.over_at_most),
                )
            })
            .collect();
        assert_eq!(measured, self.lacking(), "{self:?}");
        let reported = counted(&world.pair, "gap", &world.limits).await;
        let right = self.over_admitted();
        for line in reported.expect("read") {
            let sum = |counts: &BTreeMap<Counter, i64>| -> u64 {
                let of_period = counts.iter().filter(|(c, _)| WINDOWS[c.0].0 == line.period);
                of_period.map(|(_, count)| count.unsigned_abs()).sum()
            };
            assert_eq!(
                (line.by_from, line.by_to),
                (sum(&self.blue), sum(&self.green)),
                "{line:?}"
            );
            let over = right[&line.period];
            let told = line.over_admitted - line.uncertain..=line.over_admitted;
            assert!(
                self.is_taken_back || told.contains(&over),
                "{over} {line:?} {self:?}"
            );
        }
    }
}

/// Counters, and what was counted in them.
struct Lines {
    counters: u64,
    increments: u64,
}

impl From<cutover::gateway::Totals> for Lines {
    fn from(totals: cutover::gateway::Totals) -> Self {
        Self {
            counters: totals.counters,
            increments: totals.increments,
        }
    }
}

async fn trace(world: &World, runner: &mut TestRunner, rounds: &mut u64, exact: &mut u64) {
    let mut connections = [world.blue.connected(), world.green.connected()];
    for connection in &mut connections {
        let _: () = redis::cmd("FLUSHALL").query(connection).expect("emptied");
    }
    let since_3 = [runner.rng().random_bool(0.5), runner.rng().random_bool(0.7)];
    let mut oracle = Oracle::default();
    let pair = &world.pair;
    let is_atomic = runner.rng().random_bool(0.3);
    for step in 0..runner.rng().random_range(6..20) {
        match runner.rng().random_range(0..10) {
            0..=5 => {
                // Clients are on the one side, then on the other; or on both for a while.
                let is_green = if is_atomic {
                    step > 9
                } else {
                    runner.rng().random_bool(0.4)
                };
                let counter = (
                    runner.rng().random_range(0..WINDOWS.len()),
                    runner.rng().random_range(0..CLIENTS),
                );
                let side = usize::from(is_green);
                for _ in 0..runner.rng().random_range(1..12) {
                    let (is_admitted, is_counted) =
                        world.request(&mut connections[side], counter, since_3[side]);
                    let own = if is_green {
                        &mut oracle.green
                    } else {
                        &mut oracle.blue
                    };
                    *own.entry(counter).or_default() += i64::from(is_counted);
                    *oracle.admitted.entry(counter).or_default() += i64::from(is_admitted);
                }
            }
            6 => {
                carry(pair, "gap", Direction::ToCopy)
                    .await
                    .expect("carried");
                oracle.told_green = oracle.blue.clone();
                *rounds += 1;
            }
            7 => {
                carry(pair, "gap", Direction::ToOriginal)
                    .await
                    .expect("carried");
                oracle.told_blue = oracle.green.clone();
                *rounds += 1;
            }
            8 => {
                // Two runners at once, and one that is broken off: between them they did one round.
                let broken = Duration::from_micros(runner.rng().random_range(0..6_000));
                let round = || carry(pair, "gap", Direction::ToCopy);
                let _ = tokio::time::timeout(broken, round()).await;
                let (one, other) = tokio::join!(round(), round());
                one.expect("carried");
                other.expect("carried");
                oracle.told_green = oracle.blue.clone();
                *rounds += 3;
            }
            _ => {
                take_back(&pair.to, "gap", Books::Stay)
                    .await
                    .expect("taken back");
                oracle.is_taken_back |= !oracle.told_green.is_empty();
                oracle.told_green.clear();
            }
        }
        oracle.agrees(world, &mut connections);
        let carried = carried_into(&pair.to, "gap").await.expect("read");
        let told: i64 = oracle.told_green.values().sum();
        assert_eq!(carried.increments, told.unsigned_abs(), "{oracle:?}");
        if runner.rng().random_range(0..3) == 0 {
            oracle.compare(world).await;
        }
    }
    oracle.compare(world).await;
    *exact += u64::from(!oracle.is_taken_back);
    // The way back: blue is as blue alone would have it, and nothing of ours is anywhere.
    take_back(&pair.from, "gap", Books::Go)
        .await
        .expect("taken back");
    oracle.told_blue.clear();
    take_back(&pair.to, "gap", Books::GoAlone)
        .await
        .expect("closed");
    oracle.agrees(world, &mut connections);
    for connection in &mut connections {
        let left: Vec<String> = connection.keys("cutover:*").expect("asked");
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn random_traces_in_redis_are_counted_once() {
    let traces = if everything() { 300 } else { 20 };
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[13; 32]),
    );
    let mut world = World::new().await;
    let (mut rounds, mut exact) = (0, 0);
    for _ in 0..traces {
        away_from_midnight().await;
        world.now = Timestamp::now();
        trace(&world, &mut runner, &mut rounds, &mut exact).await;
    }
    println!(
        "{traces} traces with {rounds} rounds in Redis, {exact} of them with admitted requests between the bounds to the end"
    );
    assert!(rounds > traces / 2);
}

#[tokio::test]
async fn a_carried_counter_ends_with_its_window_and_one_that_died_counts_anew() {
    away_from_midnight().await;
    let world = World::new().await;
    let (mut blue, mut green) = (world.blue.connected(), world.green.connected());
    let key = |client| world.named((4, client)).0;
    let set = |connection: &mut Connection, key: &str, count: i64, life: i64| {
        let _: () = connection.set(key, count).expect("set");
        if life > 0 {
            let _: bool = connection.expire(key, life).expect("expires");
        }
    };
    set(&mut blue, &key(0), 4, 500);
    set(&mut green, &key(0), 1, 700);
    set(&mut blue, &key(1), 6, 500);
    // Kong's batches leave counters that never end.
    set(&mut blue, &key(2), 8, 0);
    let last_month = format!("ratelimit:{NOBODY}:s:::0:{}:month", 86_400_000);
    set(&mut blue, &last_month, 3, 500);
    let others = format!("ratelimit:{NOBODY}:other:::0:{}:year", 86_400_000);
    set(&mut blue, &others, 3, 500);
    let added = carry(&world.pair, "gap", Direction::ToCopy).await;
    assert_eq!(added.expect("carried").increments, 18);
    let life =
        |connection: &mut Connection, key: &str| -> i64 { connection.ttl(key).expect("asked") };
    assert!(
        (600..=700).contains(&life(&mut green, &key(0))),
        "its own stays"
    );
    assert!(
        (400..=500).contains(&life(&mut green, &key(1))),
        "what was left goes along"
    );
    let left = life(&mut green, &key(2));
    assert!(
        left > 0 && left <= 31 * 86_400,
        "it ends with its window: {left}"
    );
    let absent: bool = green.exists(&[&last_month, &others]).expect("asked");
    assert!(!absent);

    // Both die, as by an eviction, and are born again.
    let _: i64 = blue.del(key(0)).expect("gone");
    let _: i64 = green.del(key(1)).expect("gone");
    set(&mut blue, &key(0), 2, 500);
    for _ in 0..2 {
        carry(&world.pair, "gap", Direction::ToCopy)
            .await
            .expect("carried");
    }
    assert_eq!(world.read(&mut green, (4, 0)), 7, "4 and 2 beside its own");
    assert_eq!(
        world.read(&mut green, (4, 1)),
        0,
        "what was seen already does not come twice"
    );
    let _: i64 = blue.incr(key(1), 3).expect("counted");
    carry(&world.pair, "gap", Direction::ToCopy)
        .await
        .expect("carried");
    assert_eq!(world.read(&mut green, (4, 1)), 3);
    take_back(&world.pair.to, "gap", Books::Stay)
        .await
        .expect("taken back");
    assert_eq!(world.read(&mut green, (4, 0)), 1);
    assert_eq!(
        world.read(&mut green, (4, 1)),
        0,
        "no more than is there is taken"
    );
}

#[tokio::test]
async fn what_is_one_redis_or_cannot_be_told_is_left() {
    let (one, other) = (RedisServer::start(), RedisServer::start());
    let (here, there) = (one.settings(), other.settings());
    let left = async |original: &Side<'_>, copy: &Side<'_>| {
        let found = pairs(original, copy).await.expect("asked");
        let mut why: Vec<_> = found.left.iter().map(|(_, why)| *why).collect();
        why.dedup();
        (found.carried.len(), why)
    };
    // Under another name on each side, and the same all the same.
    let renamed = Redis {
        called: Some("redis:6379".to_owned()),
        ..here.clone()
    };
    let mut copy = side("renamed", &one, &renamed);
    for plugin in &mut copy.plugins {
        plugin["config"]["redis"] = json!({"host": "redis"});
    }
    let (carried, why) = left(&side("one", &one, &here), &copy).await;
    assert_eq!((carried, why.len()), (0, 1));
    assert!(
        why[0].starts_with("both sides count in the same Redis"),
        "{why:?}"
    );
    // The same server, and another database in it.
    for plugin in &mut copy.plugins {
        plugin["config"]["redis"]["database"] = json!(1);
    }
    assert_eq!(left(&side("one", &one, &here), &copy).await, (1, vec![]));
    // Another server; one plugin counts under another name there.
    let mut copy = side("other", &other, &there);
    copy.plugins[2]["config"]["namespace"] = json!("m");
    let (carried, why) = left(&side("one", &one, &here), &copy).await;
    assert_eq!((carried, why.len()), (1, 1));
    assert!(why[0].contains("under different names"), "{why:?}");
    // What the environment does not name is not asked.
    copy.stores.clear();
    assert_eq!(left(&side("one", &one, &here), &copy).await.0, 0);
    // One that does not answer is an error, and not "nothing to carry".
    let gone = Redis {
        port: 1,
        called: Some(format!("127.0.0.1:{}", other.port)),
        ..there.clone()
    };
    let error = pairs(&side("one", &one, &here), &side("gone", &other, &gone)).await;
    let told = error.expect_err("refused").to_string();
    assert!(
        told.starts_with("cannot connect to the Redis `gone/0` at 127.0.0.1:1: "),
        "{told}"
    );
}
