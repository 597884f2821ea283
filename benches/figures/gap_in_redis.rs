//! Carrying counters between two Redis, from ten thousand to a million that are live: measured and carried once, beside the same keys read
//! and written in pages without anything else.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cutover::environment::{Access, Redis, Tls};
use cutover::gateway::live::redis::{
    Books, Direction, Limits, Pair, Side, carry, lacking, pairs, take_back,
};
use cutover::kong::rate_limits::limits;
use serde_json::{Value, json};

use super::{Bench, peak_kib, row, timed};

/// Live counters.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

/// How many keys the baseline reads and writes at once: as many as a script is about.
const PAGE: u32 = 500;

/// A server that ends with the bench.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        let child = Command::new("/usr/bin/redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--dir", "/"])
            .args(["--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn();
        let server = Self {
            child: child.expect("Redis is installed"),
            port,
        };
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn connected(&self) -> redis::Connection {
        let client = redis::Client::open(("127.0.0.1", self.port)).expect("an address");
        client.get_connection().expect("Redis listens")
    }

    fn settings(&self) -> Redis {
        Redis {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            called: None,
            user: None,
            password: None,
            tls: Tls::Off,
            ca: None,
        }
    }

    fn plugins(&self) -> Vec<Value> {
        vec![json!({
            "id": 1, "name": "rate-limiting",
            "config": { "policy": "redis", "year": 20, "redis": { "host": "127.0.0.1", "port": self.port } },
        })]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bench {
    /// Every counter has counted, and the other side has none of them.
    pub(super) async fn gap_in_redis(&self) {
        for size in SIZES {
            let (blue, green, plain) = (Server::start(), Server::start(), Server::start());
            count(&mut blue.connected(), size);
            let pair = pair(&blue, &green).await;
            let limits = Limits::of(limits(&blue.plugins(), "redis"));
            let begun = Instant::now();
            let found = lacking(&pair, "bench", &limits).await.expect("measured");
            let measured = begun.elapsed();
            assert_eq!(found[0].totals.counters, u64::from(size));
            let direction = Direction::ToCopy;
            carry(&pair, "bench", direction).await.expect("carried");
            let both = begun.elapsed();
            let baseline = timed(|| copied(&mut blue.connected(), &mut plain.connected(), size));
            let name = format!("{size} counters in Redis: measure, one round");
            row(&name, both, "GET and SET in pages", baseline);
            println!(
                "  {:<42} {:>9.1} s measuring, {:.1} s carrying",
                "of which",
                measured.as_secs_f64(),
                both.saturating_sub(measured).as_secs_f64()
            );
            let books = Books::GoAlone;
            take_back(&pair.to, "bench", books).await.expect("closed");
        }
        println!(
            "  {:<42} {:>9} KiB",
            "peak memory of the process that carried",
            peak_kib(std::process::id())
        );
    }
}

async fn pair(blue: &Server, green: &Server) -> Pair {
    let (here, there) = (blue.settings(), green.settings());
    let side = |name, server: &Server, settings| Side {
        plugins: server.plugins(),
        stores: vec![(name, settings)],
        access: Access::Run,
    };
    let found = pairs(&side("blue", blue, &here), &side("green", green, &there)).await;
    found.expect("both answer").carried.remove(0)
}

fn key(number: u32) -> String {
    let nobody = "00000000-0000-0000-0000-000000000000";
    let year = jiff::Zoned::now()
        .with_time_zone(jiff::tz::TimeZone::UTC)
        .first_of_year()
        .and_then(|day| day.start_of_day())
        .expect("a year");
    let begins = year.timestamp().as_millisecond();
    format!("ratelimit:{nobody}:{nobody}:client-{number}:{begins}:year")
}

fn count(redis: &mut redis::Connection, size: u32) {
    for first in (0..size).step_by(10_000) {
        let mut all = redis::pipe();
        for number in first..(first + 10_000).min(size) {
            all.cmd("SET")
                .arg(key(number))
                .arg(3)
                .arg("EX")
                .arg(31_536_000)
                .ignore();
        }
        let _: () = all.query(redis).expect("counted");
    }
}

fn copied(from: &mut redis::Connection, to: &mut redis::Connection, size: u32) {
    for first in (0..size).step_by(PAGE as usize) {
        let keys: Vec<String> = (first..(first + PAGE).min(size)).map(key).collect();
        let values: Vec<i64> = redis::cmd("MGET").arg(&keys).query(from).expect("read");
        let mut all = redis::pipe();
        for (key, value) in keys.iter().zip(values) {
            all.cmd("SET")
                .arg(key)
                .arg(value)
                .arg("EX")
                .arg(31_536_000)
                .ignore();
        }
        let _: () = all.query(to).expect("written");
    }
}
