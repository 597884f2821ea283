//! The figures of the README: each beside a baseline that was measured in the same run, on the same machine.
//!
//! Run it with `./x bench` on an idle machine. It prints a table; nothing is asserted, since a busy machine is not a defect.

#![expect(clippy::print_stdout, reason = "a table of figures is the whole point")]

mod gap;
mod gap_in_redis;
mod review;
mod sandbox;
mod smoke;

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cutover::environment::Environment;
use cutover::gateway::live::postgres::{BackupRequest, Starts, backup};
use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};
use serde_json::Value;

/// How often a short thing is measured; the median is printed.
const TIMES: usize = 21;

/// Rows of the database that is backed up: about 300 MB.
const ROWS: u32 = 1_100_000;

fn main() {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    let directory = tempfile::Builder::new()
        .prefix("cutover-b-")
        .permissions(permissions)
        .tempdir_in("/tmp")
        .expect("a directory");
    let bench = Bench {
        directory: directory.path().to_owned(),
    };
    println!(
        "{:<44} {:>12} {:>16}",
        "what (median)", "measured", "baseline"
    );
    version();
    bench.plan_and_drill();
    bench.playbook();
    bench.sandbox();
    bench.resume_and_memory();
    Bench::review();
    bench.smoke();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(bench.backup());
    runtime.block_on(bench.gap());
    runtime.block_on(bench.gap_in_redis());
}

struct Bench {
    directory: PathBuf,
}

impl Bench {
    /// A playbook of 21 acts beside one without any, and beside the same bytes written and synced as often.
    fn playbook(&self) {
        let acts = self.environment("acts");
        self.write(
            "acts.rhai",
            "for number in 0..21 { practice::write(`f${number}`, \"x\"); }",
            "\"practice.write\"",
        );
        self.write("none.rhai", "", "");
        let whole = median(|| timed(|| self.cutover("acts.rhai", &acts, &[])));
        let empty = median(|| timed(|| self.cutover("none.rhai", &acts, &[])));
        let journal = newest_journal(&self.directory.join("acts/runs"), 21);
        let raw = median(|| timed(|| sync_lines(&self.directory.join("raw"), &journal)));
        row("21-step playbook", whole, "same bytes synced", raw);
        row(
            "the same, net of that",
            whole.saturating_sub(raw),
            "no step at all",
            empty,
        );
        // The act itself writes and syncs a file and its directory, which a gate of any kind would have to do.
        let file = median(|| timed(|| sync_lines(&self.directory.join("file"), "x\n")));
        let gate = whole.saturating_sub(empty).saturating_sub(raw) / 21;
        row(
            "gate and effect per act, net of journal syncs",
            gate,
            "one synced file",
            file,
        );
    }

    /// Resuming a run with 10,000 recorded steps, and the memory of both processes while it waits there.
    /// Plans and drills in a described world, each a process of its own, beside one that only starts.
    fn plan_and_drill(&self) {
        let played = |verb: &str, words: &[&str]| {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/simulated");
            let mut command = cutover();
            command.arg(verb).args(words);
            command.arg("--offline").arg(fixtures.join("world.json"));
            command
                .arg("--environment")
                .arg(fixtures.join("environment.toml"));
            command
        };
        let start = median(|| timed(|| run(cutover().arg("--version"))));
        let plan = median(|| timed(|| run(&mut played("plan", &UPGRADE))));
        row("plan --offline of in-place", plan, "process", start);
        self.write("rolling.rhai", ROLLING, "\"kong.*\", \"traffic.*\"");
        let rolling = self.directory.join("rolling.rhai").display().to_string();
        for (what, words) in [
            ("drill of 25 steps", &[rolling.as_str()][..]),
            ("drill of in-place", &UPGRADE),
        ] {
            let begin = Instant::now();
            let mut drill = played("drill", words);
            let output = drill.args(["--output", "json"]).output();
            let took = begin.elapsed();
            let told: Value =
                serde_json::from_slice(&output.expect("cutover runs").stdout).expect("a report");
            let outcomes = told["outcomes"].as_array().expect("outcomes");
            let faults = outcomes.len();
            row(&format!("{what}, {faults} faults"), took, "process", start);
            // A run that is killed is taken up by another runner, which is a run of its own.
            let runs = outcomes.iter().filter_map(|one| one["endings"].as_array());
            let runs = runs.map(Vec::len).sum::<usize>();
            for (count, what) in [
                (faults, "faults played and judged"),
                (runs, "simulated runs"),
            ] {
                let count = u32::try_from(count).expect("few");
                let rate = f64::from(count) / took.saturating_sub(start).as_secs_f64();
                println!("  {what:<42} {rate:>9.0} /s");
            }
        }
    }

    fn resume_and_memory(&self) {
        let environment = self.environment("many");
        self.write(
            "many.rhai",
            "for number in 0..10000 { run::note(`step ${number}`); }\nrun::approve(\"go on\");",
            "",
        );
        self.cutover("many.rhai", &environment, &["--run-id", "many"]);
        let resume = || {
            let mut command = cutover();
            command
                .args(["resume", "many", "--environment"])
                .arg(&environment);
            command
        };
        let took = (0..5)
            .map(|_| timed(|| run(&mut resume())))
            .min()
            .expect("five times");
        let start = median(|| timed(|| run(cutover().arg("--version"))));
        row(
            "resume of 10,000 recorded steps (best of 5)",
            took,
            "process",
            start,
        );
        let mut waiting = resume()
            .arg("--wait")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cutover runs");
        std::thread::sleep(Duration::from_secs(3));
        if waiting.try_wait().expect("asked").is_some() {
            let ended = waiting.wait_with_output().expect("ended");
            panic!(
                "it does not wait: {}",
                String::from_utf8_lossy(&ended.stderr)
            );
        }
        let supervisor = peak_kib(waiting.id());
        let child = children(waiting.id())
            .into_iter()
            .map(peak_kib)
            .sum::<u64>();
        println!(
            "{:<44} {:>9} KiB {:>16}",
            "peak memory, supervisor and script",
            supervisor + child,
            ""
        );
        let _ = waiting.kill();
        let _ = waiting.wait();
    }

    /// A backup with digests, checksums and manifest beside plain `pg_dump` with the same options, in interleaved pairs.
    async fn backup(&self) {
        let server =
            PrivatePostgres::create(&self.directory.join("data"), &self.directory.join("s"))
                .expect("a server");
        server.start(&[]).expect("started");
        let psql = |statement: &str| {
            let mut command = Command::new(server.binaries().join("psql"));
            command
                .args(["-q", "-h"])
                .arg(&server.socket)
                .args(["-U", SUPERUSER, "-d", "postgres", "-c", statement]);
            run(&mut command);
        };
        psql(&format!(
            "CREATE TABLE big AS SELECT g AS id, md5(g::text) AS one, md5((g + 1)::text) AS two, jsonb_build_object('n', g, 'text', repeat(md5(g::text), 4)) AS three FROM generate_series(1, {ROWS}) g"
        ));
        psql("ANALYZE");
        let size = Command::new(server.binaries().join("psql"))
            .args(["-Atq", "-h"])
            .arg(&server.socket)
            .args([
                "-U",
                SUPERUSER,
                "-d",
                "postgres",
                "-c",
                "SELECT pg_size_pretty(pg_database_size('postgres'))",
            ])
            .output()
            .expect("psql runs");
        let text = format!(
            "name = \"bench\"\n[databases.main]\nhost = \"{}\"\ndatabase = \"postgres\"\nuser = \"{SUPERUSER}\"\ntls = \"off\"\n[storage]\npath = \"{}\"\n",
            server.socket.display(),
            self.directory.join("store").display()
        );
        let environment =
            Environment::parse(Path::new("bench.toml"), &text).expect("an environment");
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for pair in 0..5 {
            let path = self.directory.join(format!("plain-{pair}"));
            plain.push(timed(|| {
                let mut command = Command::new(server.binaries().join("pg_dump"));
                command
                    .args(["--format=directory", "--jobs=2", "-h"])
                    .arg(&server.socket)
                    .args(["-U", SUPERUSER, "-f"])
                    .arg(&path)
                    .arg("postgres");
                run(&mut command);
            }));
            let begin = Instant::now();
            let request = BackupRequest {
                path: self.directory.join(format!("ours-{pair}")),
                jobs: 2,
                lock_wait: Duration::from_secs(10),
                deadline: Duration::from_mins(10),
                starts: Starts::default(),
            };
            backup(&environment.databases["main"], &request, |_| ())
                .await
                .expect("a backup");
            ours.push(begin.elapsed());
        }
        ours.sort_unstable();
        plain.sort_unstable();
        let label = format!(
            "backup of {} ({ROWS} rows)",
            String::from_utf8_lossy(&size.stdout).trim()
        );
        row(&label, ours[2], "plain pg_dump", plain[2]);
        server.stop().expect("stopped");
    }

    /// An environment file with a store of its own.
    fn environment(&self, name: &str) -> PathBuf {
        let path = self.directory.join(format!("{name}.toml"));
        std::fs::write(
            &path,
            format!("name = \"{name}\"\n[storage]\npath = \"{name}\"\n"),
        )
        .expect("written");
        path
    }

    fn write(&self, name: &str, body: &str, needs: &str) {
        let text = format!(
            "//! A bench.\nconst PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [{needs}] }};\n{body}\n"
        );
        std::fs::write(self.directory.join(name), text).expect("written");
    }

    fn cutover(&self, playbook: &str, environment: &Path, further: &[&str]) {
        let mut command = cutover();
        command
            .arg("run")
            .arg(self.directory.join(playbook))
            .arg("--environment")
            .arg(environment)
            .args(further);
        run(&mut command);
    }
}

/// The words of the shipped upgrade in the described world.
const UPGRADE: [&str; 6] = [
    "in-place",
    "cluster=practice",
    "to=3.4.2",
    "checks=/health=200",
    "watch=0s",
    "bake=0s",
];

/// 25 steps that all act.
const ROLLING: &str = r#"
let nodes = env::cluster("practice").nodes;
traffic::drain(nodes);
for round in 0..3 {
    for node in nodes { kong::stop(node); kong::start(node); traffic::admit(node); traffic::drain(node); }
}
"#;

/// `cutover --version` beside a process that does nothing.
fn version() {
    let version = median(|| timed(|| run(cutover().arg("--version"))));
    let nothing = median(|| timed(|| run(&mut Command::new("true"))));
    row("cutover --version", version, "process", nothing);
}

fn cutover() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command
}

/// Runs to the end, whatever that is: some of these runs are put down on purpose.
fn run(command: &mut Command) {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program runs");
}

fn timed(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

fn median(mut once: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES).map(|_| once()).collect();
    times.sort_unstable();
    times[TIMES / 2]
}

/// Appends every line and syncs after each, as the journal does after each act's records.
fn sync_lines(path: &Path, lines: &str) {
    let mut file: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .expect("a file");
    for line in lines.lines() {
        file.write_all(line.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .expect("written");
        file.sync_data().expect("synced");
    }
}

/// The newest journal with that many steps.
fn newest_journal(runs: &Path, steps: usize) -> String {
    let texts = journals(runs)
        .into_iter()
        .rev()
        .map(|path| std::fs::read_to_string(path).expect("a journal"));
    texts
        .into_iter()
        .find(|text| text.matches("\"event\":\"started\"").count() == steps)
        .expect("a run with the steps")
}

/// The journals of a store, the newest last.
fn journals(runs: &Path) -> Vec<PathBuf> {
    let mut journals: Vec<PathBuf> = std::fs::read_dir(runs)
        .expect("runs")
        .map(|entry| entry.expect("an entry").path().join("journal.ndjson"))
        .collect();
    journals.sort();
    journals
}

fn row(what: &str, measured: Duration, baseline: &str, against: Duration) {
    println!(
        "{what:<44} {:>9.1} ms {:>9.1} ms {baseline}",
        milliseconds(measured),
        milliseconds(against)
    );
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The most memory that a process ever held, in KiB.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or_default()
}

fn children(pid: u32) -> Vec<u32> {
    let listed =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}
