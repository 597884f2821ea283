//! Limits that are counted in a real Redis: as Kong writes them, and over an upgrade in which both sides count in the same one.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use redis::{Commands as _, Connection};

use crate::behind_a_balancer::record;
use crate::practice_cluster::PracticeCluster;
use crate::redis_server::RedisServer;

/// Requests that a consumer has in a window; the window is a year, so that no test sees it end.
const LIMIT: i64 = 4;

/// The seconds of a year, as Kong counts them.
const YEAR: i64 = 31_536_000;

/// A practice cluster whose nodes count in Redis.
pub(crate) struct World {
    pub(crate) cluster: PracticeCluster,
    address: String,
    redis: Connection,
}

/// An answer's status, and whether it tells of a limit.
type Answered = (u16, bool);

/// Who asks, by the numbers of the key and of the header that a limit may go by.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) key: &'a str,
    pub(crate) who: usize,
}

impl World {
    pub(crate) fn up_with(words: &[&str]) -> Self {
        let cluster = PracticeCluster::up_with(words);
        let address = record(&cluster)["redis"]
            .as_str()
            .expect("an address")
            .to_owned();
        Self {
            redis: connected(&address),
            cluster,
            address,
        }
    }

    fn new() -> Self {
        let world = Self::up_with(&["--green", "3.4.2", "--traffic", "haproxy", "--redis"]);
        world.configure(&format!(
            r#"{{"hour":null,"year":{LIMIT},"fault_tolerant":false}}"#
        ));
        for node in 0..2 {
            // Whoever asks meanwhile is counted too, so it is a consumer whom nobody asks about.
            eventually("the node has the limit", || {
                world.ask(&world.proxy(node), 4).0 == 429
            });
        }
        world
    }

    pub(crate) fn configure(&self, config: &str) {
        let question = "SELECT id FROM plugins WHERE config->>'policy' = 'redis'";
        let plugin = self.cluster.try_sql(question).expect("asked");
        let body = format!(r#"{{"config":{config}}}"#);
        self.cluster
            .admin("PATCH", &format!("/plugins/{plugin}"), &body);
    }

    pub(crate) fn proxy(&self, node: usize) -> String {
        let url = &record(&self.cluster)["nodes"][node]["proxy"];
        url.as_str().expect("a URL").to_owned()
    }

    /// Where clients ask.
    pub(crate) fn front(&self) -> String {
        let url = &record(&self.cluster)["url"];
        url.as_str().expect("a URL").to_owned()
    }

    /// The key of the consumer of that number, counted from 0.
    pub(crate) fn api_key(&self, consumer: usize) -> String {
        let key = &record(&self.cluster)["seeded"]["keys"][consumer];
        key.as_str().expect("a key").to_owned()
    }

    /// Asks `base` for what is limited, as the consumer of that number.
    pub(crate) fn ask(&self, base: &str, consumer: usize) -> Answered {
        let key = self.api_key(consumer);
        let answer = ask(base, Asker { key: &key, who: 0 });
        let is_told = answer.to_lowercase().contains("x-ratelimit-limit-year");
        (status(&answer), is_told)
    }

    /// The key of the counter of `who`, a question in SQL or a text in quotes, as Kong's source builds it.
    pub(crate) fn key_of(&self, who: &str) -> String {
        let question = format!(
            "SELECT s.id || ':' || ({who}) || ':' || (extract(epoch FROM date_trunc('year', now(), 'UTC')) * 1000)::bigint
             FROM services s WHERE s.name = 'accounts'"
        );
        let named = self.cluster.try_sql(&question).expect("asked");
        format!("ratelimit:00000000-0000-0000-0000-000000000000:{named}:year")
    }

    /// The key of a consumer's counter.
    fn key(&self, consumer: usize) -> String {
        let number = consumer + 1;
        self.key_of(&format!(
            "SELECT id FROM consumers WHERE username = 'consumer-{number}'"
        ))
    }

    pub(crate) fn count(&mut self, consumer: usize) -> i64 {
        let key = self.key(consumer);
        self.count_in(&key)
    }

    pub(crate) fn count_in(&mut self, key: &str) -> i64 {
        let count: Option<i64> = self.redis.get(key).expect("Redis answers");
        count.unwrap_or(0)
    }

    /// What is counted behind an answer's back is there soon.
    pub(crate) fn counted(&mut self, consumer: usize, wanted: i64) {
        eventually("the counter is raised", || self.count(consumer) >= wanted);
        assert_eq!(self.count(consumer), wanted);
    }
}

/// The answer to somebody who asks `base` for what is limited.
pub(crate) fn ask(base: &str, asker: Asker<'_>) -> String {
    let address = base.trim_start_matches("http://").trim_end_matches('/');
    let Asker { key, who } = asker;
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!(
        "GET /accounts HTTP/1.1\r\nHost: {address}\r\napikey: {key}\r\nX-Who: {who}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

pub(crate) fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).expect("a status line");
    status.parse().expect("a status")
}

fn connected(address: &str) -> Connection {
    let client = redis::Client::open(format!("redis://{address}/")).expect("an address");
    client.get_connection().expect("Redis listens")
}

pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("never: {what}");
}

#[test]
fn both_sides_that_count_in_the_same_redis_have_no_gap() {
    let mut world = World::new();
    let client = world.proxy(0);
    // Kong 2.8 reads a counter, and raises it once a request has passed.
    for passed in 1..=LIMIT {
        assert_eq!(world.ask(&client, 0), (200, true));
        world.counted(0, passed);
    }
    assert_eq!(world.ask(&world.proxy(1), 0), (429, true));
    assert_eq!(world.count(0), LIMIT, "a refused request is not counted");
    let lives: i64 = world.redis.ttl(world.key(0)).expect("asked");
    assert!((YEAR - 60..=YEAR).contains(&lives), "{lives} s");

    let upgraded = world.cluster.cutover(&[
        "run",
        "blue-green",
        "--run-id",
        "there",
        "--approve",
        "practice",
        "blue=practice",
        "green=green",
        "checks=/catalogue=200,/orders=401",
        "to=3.4.2",
        "steps=100",
        "watch=1s",
        "settle=1s",
        "bake=0s",
        "interval=1s",
    ]);
    assert_eq!(upgraded.code, Some(0), "{}", upgraded.all);
    let told = "1 × rate-limiting with policy redis: both sides count in the same Redis: there is no gap, and nothing to carry";
    assert!(upgraded.all.contains(told), "{}", upgraded.all);

    // Who had used up what is given has nothing more on the other side; and since 3.x it counts all the same.
    let front = world.front();
    assert_eq!(world.ask(&front, 0), (429, true));
    assert_eq!(world.count(0), LIMIT + 1);
    for passed in 1..=LIMIT {
        assert_eq!(world.ask(&front, 1), (200, true));
        assert_eq!(world.count(1), passed, "counted before the answer");
    }
    assert_eq!(world.ask(&front, 1), (429, true));
    assert_eq!(world.count(1), LIMIT + 1);
    let lives: i64 = world.redis.ttl(world.key(1)).expect("asked");
    assert!((YEAR - 60..=YEAR).contains(&lives), "{lives} s");
}

#[test]
fn a_redis_that_is_gone_fails_requests_or_lets_them_pass_as_the_plugin_says() {
    let mut world = World::new();
    let client = world.proxy(0);
    assert_eq!(world.ask(&client, 0), (200, true));
    // Redis ends in the middle of its answer.
    let _: Result<(), _> = redis::cmd("SHUTDOWN").arg("NOSAVE").query(&mut world.redis);
    assert_eq!(world.ask(&client, 0).0, 500);
    world.configure(r#"{"fault_tolerant":true}"#);
    eventually("the node tolerates it", || {
        world.ask(&client, 0) == (200, false)
    });

    let port = world.address.rsplit(':').next().expect("a port");
    let port = port.parse().expect("a number");
    let _again = RedisServer::at(port, &[]).expect("it comes back, empty");
    world.configure(r#"{"fault_tolerant":false}"#);
    eventually("the node counts again", || {
        world.ask(&client, 1) == (200, true)
    });
}
