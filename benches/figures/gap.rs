//! Carrying counters, from ten thousand to a million that are live: measured and carried once, beside a plain COPY of the same rows.

use std::process::{Command, Stdio};
use std::time::Instant;

use cutover::environment::{Database, Environment};
use cutover::gateway::live::postgres::gap::{Gap, begin, carry, close, gap_of, lacking};
use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};

use super::{Bench, peak_kib, row, run, timed};

/// Live counters.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

const TABLES: &str = "
    CREATE TABLE ratelimiting_metrics (
        identifier text NOT NULL, period text NOT NULL, period_date timestamptz NOT NULL,
        service_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
        route_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
        value integer, ttl timestamptz, PRIMARY KEY (identifier, period, period_date, service_id, route_id));
    CREATE TABLE plugins (id serial, name text, enabled boolean DEFAULT true, config jsonb, service_id uuid, route_id uuid, consumer_id uuid);
    INSERT INTO plugins (name, config) VALUES ('rate-limiting', '{\"policy\": \"cluster\", \"year\": 20}')";

impl Bench {
    /// Every counter has counted since the copy was made.
    pub(super) async fn gap(&self) {
        let server =
            PrivatePostgres::create(&self.directory.join("gap-data"), &self.directory.join("g"))
                .expect("a server");
        server.start(&[]).expect("started");
        let psql = |database: &str, statement: &str| {
            let mut command = Command::new(server.binaries().join("psql"));
            command
                .args(["-q", "-v", "ON_ERROR_STOP=1", "-h"])
                .arg(&server.socket)
                .args(["-U", SUPERUSER, "-d", database, "-c", statement]);
            run(&mut command);
        };
        for database in ["blue", "green", "plain"] {
            psql("postgres", &format!("CREATE DATABASE {database}"));
            psql(database, TABLES);
        }
        let socket = server.socket.display().to_string();
        let (blue, green) = (database(&socket, "blue"), database(&socket, "green"));
        for size in SIZES {
            let rows = format!(
                "TRUNCATE ratelimiting_metrics; INSERT INTO ratelimiting_metrics (identifier, period, period_date, value, ttl)
                 SELECT md5(g::text), 'year', date_trunc('year', now()), 10, now() + interval '1 year' FROM generate_series(1, {size}) g; ANALYZE"
            );
            psql("blue", &rows);
            psql("green", &rows);
            psql("plain", "TRUNCATE ratelimiting_metrics");
            let gap = Gap {
                id: size.to_string(),
                since: jiff::Timestamp::now(),
                copy: "green".to_owned(),
                is_copy: true,
            };
            begin(&green, &gap).await.expect("begun");
            psql("blue", "UPDATE ratelimiting_metrics SET value = value + 3");
            let begun = Instant::now();
            gap_of(&green).await.expect("opened");
            lacking(&blue, &green, &gap).await.expect("measured");
            let measured = begun.elapsed();
            carry(&blue, &green, &gap, "bench").await.expect("carried");
            let both = begun.elapsed();
            let plain = timed(|| copied(&server));
            let name = format!("{size} counters: open, measure, one round");
            row(&name, both, "plain COPY", plain);
            println!(
                "  {:<42} {:>9.1} s measuring, {:.1} s carrying",
                "of which",
                measured.as_secs_f64(),
                (both.saturating_sub(measured)).as_secs_f64()
            );
            close(&green).await.expect("closed");
        }
        println!(
            "  {:<42} {:>9} KiB",
            "peak memory of the process that carried",
            peak_kib(std::process::id())
        );
        server.stop().expect("stopped");
    }
}

fn database(socket: &str, name: &str) -> Database {
    let text = format!(
        "name = \"bench\"\n[databases.main]\nhost = \"{socket}\"\ndatabase = \"{name}\"\nuser = \"{SUPERUSER}\"\ntls = \"off\"\n[storage]\npath = \"store\"\n"
    );
    let environment = Environment::parse(std::path::Path::new("bench.toml"), &text);
    environment.expect("an environment").databases["main"].clone()
}

/// The same rows from one database into an empty table of another.
fn copied(server: &PrivatePostgres) {
    let psql = |database: &str, statement: &str| {
        let mut command = Command::new(server.binaries().join("psql"));
        command
            .args(["-q", "-h"])
            .arg(&server.socket)
            .args(["-U", SUPERUSER, "-d", database, "-c", statement]);
        command
    };
    let mut read = psql(
        "blue",
        "COPY ratelimiting_metrics TO STDOUT (FORMAT binary)",
    )
    .stdout(Stdio::piped())
    .spawn()
    .expect("psql runs");
    let rows = read.stdout.take().expect("piped");
    let written = psql(
        "plain",
        "COPY ratelimiting_metrics FROM STDIN (FORMAT binary)",
    )
    .stdin(rows)
    .status();
    assert!(written.expect("psql runs").success());
    assert!(read.wait().expect("ended").success());
}
