//! The practice cluster as a person uses it: up, broken on purpose, looked at, taken down; by the binary itself.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cutover::environment::Environment;
use cutover::lab::http;
use cutover::lab::practice::{Practice, Process, Remains, down};
use http_body_util::Full;
use hyper::Request;
use serde_json::Value;

use crate::practice_cluster::everything;

/// A directory for a cluster, which is down and gone when the test is over, however that ends.
struct World {
    above: tempfile::TempDir,
    directory: PathBuf,
}

impl World {
    fn new() -> Self {
        let above = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let directory = above.path().join("cluster");
        Self { above, directory }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
        command
            .arg("practice")
            .args(words)
            .arg("--directory")
            .arg(&self.directory)
            .current_dir(self.above.path())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    fn practice(&self, words: &[&str]) -> (i32, String) {
        let output = self.command(words).output().expect("the binary runs");
        (output.status.code().unwrap_or(-1), text(&output))
    }

    fn done(&self, words: &[&str]) -> String {
        let (code, text) = self.practice(words);
        assert_eq!(code, 0, "{words:?}: {text}");
        text
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.directory.join("processes.json").exists() {
            let _ = self.command(&["down", "--remove"]).output();
        }
    }
}

fn text(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Every process that names a file of `directory` on its command line, or is named in its ledger.
fn processes(directory: &Path) -> Vec<Process> {
    let ledger: Value = std::fs::read(directory.join("processes.json"))
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let recorded = ledger["processes"].as_object().into_iter().flatten();
    let mut found: Vec<Process> = recorded
        .map(|(_, process)| serde_json::from_value(process.clone()).expect("an identity"))
        .collect();
    let inside = directory.display().to_string();
    for entry in std::fs::read_dir("/proc").expect("listed").flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let pid = entry.file_name().to_str().and_then(|pid| pid.parse().ok());
        if String::from_utf8_lossy(&line).contains(&inside) {
            found.extend(pid.and_then(Process::of));
        }
    }
    found.retain(Process::is_alive);
    found.dedup_by_key(|process| process.pid);
    found
}

async fn get(url: &str) -> (u16, Value) {
    let request = Request::get(url).body(Full::default()).expect("a request");
    let answer = http::client().request(request).await.expect("answered");
    let status = answer.status().as_u16();
    let body = http::body(answer.into_body()).await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn a_practice_cluster_comes_up_is_broken_and_goes() {
    let world = World::new();
    let told = world.done(&["up"]);
    assert!(told.contains("up: 2 nodes of 2.8.5"), "{told}");
    let cluster = Practice::open(&world.directory).expect("up");
    let environment = Environment::load(&cluster.environment).expect("sound");
    assert_eq!(environment.clusters["practice"].nodes.len(), 2);
    for node in &cluster.nodes {
        let link = std::fs::read_link(node.packages.join("current")).expect("a link");
        assert_eq!(link, Path::new("kong-2.8.5"));
        assert_eq!(get(&node.admin).await.1["version"], "2.8.5");
    }
    let through = format!("{}{}", cluster.url, cluster.unlimited_path);
    assert_eq!(get(&through).await.0, 200);
    let (code, refusal) = world.practice(&["up"]);
    assert_eq!(code, 4);
    assert!(refusal.contains("is in use already"), "{refusal}");

    world.done(&["fault", "admin-lies", "kong-2", "3.9.1"]);
    world.done(&["fault", "admin-slow", "kong-2", "150"]);
    world.done(&["fault", "migration-fails", "016_280_to_300"]);
    assert_eq!(get(&cluster.nodes[1].admin).await.1["version"], "3.9.1");
    let began = Instant::now();
    get(&format!("{}/status", cluster.nodes[1].admin)).await;
    assert!(began.elapsed() >= Duration::from_millis(150));
    let status = world.done(&["status"]);
    for line in [
        "broken on purpose: admin_delay_ms = 150",
        "broken on purpose: admin_lies_version = \"3.9.1\"",
        "broken on purpose: migration_fails = \"016_280_to_300\"",
        "ready 100, 0 in flight",
    ] {
        assert!(status.contains(line), "{line} in {status}");
    }
    let migrate = || {
        kong(
            &cluster,
            "3.4.2",
            &["migrations", "up", "--lock-timeout", "1"],
        )
    };
    assert!(
        migrate()
            .1
            .contains("failed to run migration '016_280_to_300' up")
    );
    world.done(&["fault", "clear"]);
    assert_eq!(get(&cluster.nodes[1].admin).await.1["version"], "2.8.5");
    world.done(&["fault", "lock-held", "30"]);
    let (code, locked) = migrate();
    assert_ne!(code, 0, "{locked}");
    // A lock whose time is over is in nobody's way.
    world.done(&["fault", "lock-stale"]);
    let (code, migrated) = migrate();
    assert_eq!(code, 0, "{migrated}");

    world.done(&["fault", "database-down"]);
    let status = world.done(&["status"]);
    assert!(
        status.contains("postgres   down") && status.contains("unreachable"),
        "{status}"
    );
    world.done(&["fault", "database-up"]);
    world.done(&["fault", "node-dies", "kong-1"]);
    let status = world.done(&["status"]);
    assert!(
        status.contains("kong-1     2.8.5      -          -"),
        "{status}"
    );
    assert!(
        status.contains("kong-2     2.8.5      2.8.5      2.8.5"),
        "{status}"
    );
    let (code, refusal) = world.practice(&["fault", "node-dies", "kong-3"]);
    assert_eq!(code, 2);
    assert!(refusal.contains("only `kong-1`, `kong-2`"), "{refusal}");

    // With one node dead by the fault, and the load balancer dead by nobody's doing, the rest goes all the same.
    let ledger = std::fs::read(world.directory.join("processes.json")).expect("read");
    let ledger: Value = serde_json::from_slice(&ledger).expect("JSON");
    let balancer: Process =
        serde_json::from_value(ledger["processes"]["balancer"].clone()).expect("an identity");
    assert!(balancer.is_alive());
    let pid = rustix::process::Pid::from_raw(balancer.pid).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    let left = processes(&world.directory);
    assert!(left.len() >= 3, "{left:?}");
    let told = world.done(&["down"]);
    // A node, the echo server, the kept ports and PostgreSQL.
    assert!(told.contains("down: 4 processes ended"), "{told}");
    assert!(!left.iter().any(Process::is_alive));
    assert_eq!(processes(&world.directory), []);
    world.done(&["down", "--remove"]);
    assert!(!world.directory.exists());
}

/// Runs the `kong` of `version` with the configuration of the first node; the exit code and what it said.
fn kong(cluster: &Practice, version: &str, words: &[&str]) -> (i32, String) {
    let node = &cluster.nodes[0];
    let output = Command::new(node.packages.join(format!("kong-{version}/bin/kong")))
        .args(words)
        .arg("-c")
        .arg(&node.conf)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("kong runs");
    (output.status.code().unwrap_or(-1), text(&output))
}

fn start(world: &World) -> Child {
    world
        .command(&["up"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

#[tokio::test]
async fn an_interrupted_up_leaves_nothing_behind() {
    let world = World::new();
    let child = start(&world);
    let deadline = Instant::now() + Duration::from_mins(1);
    // In the middle: the server is there, the last process is not.
    while !world
        .directory
        .join("nodes/kong-1/prefix/pids/nginx.pid")
        .exists()
    {
        assert!(Instant::now() < deadline, "no node was started");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pid = i32::try_from(child.id()).expect("small");
    let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
    assert!(text(&output).contains("interrupted"), "{}", text(&output));
    assert!(!world.directory.exists());
    assert_eq!(processes(&world.directory), []);
}

#[tokio::test]
async fn directories_of_others_are_left_alone() {
    let world = World::new();
    std::fs::create_dir(&world.directory).expect("made");
    let precious = world.directory.join("precious");
    std::fs::write(&precious, "mine").expect("written");
    assert_eq!(world.practice(&["up"]).0, 4);
    for words in [&["down", "--remove"][..], &["status"], &["fault", "clear"]] {
        let (code, refusal) = world.practice(words);
        assert_eq!(code, 2, "{refusal}");
        assert!(
            refusal.contains("there is no practice cluster in"),
            "{refusal}"
        );
    }
    let error = down(&world.directory, Remains::Remove)
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("no practice cluster"), "{error}");
    assert_eq!(std::fs::read_to_string(&precious).expect("there"), "mine");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn the_demo_upgrades_takes_back_and_cleans_up() {
    if !everything() {
        eprintln!("skipped: the demo takes most of a minute; set CUTOVER_TEST_ALL to run it");
        return;
    }
    let world = World::new();
    let output = Command::new(env!("CARGO_BIN_EXE_cutover"))
        .args(["demo", "--directory"])
        .arg(&world.directory)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("the binary runs");
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    for line in [
        "every node is 3.4.2 and answers",
        "every node is 2.8.5 and answers",
    ] {
        assert!(told.contains(line), "{told}");
    }
    assert!(!world.directory.exists());
    assert_eq!(processes(&world.directory), []);
}
