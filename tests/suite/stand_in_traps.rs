//! The traps of Kong's migrations and processes that the stand-in keeps: locks that outlive their owner, commands that end in 0
//! having done nothing, commits that come after the client is gone, quits that are forced.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::harness::KeptPort;
use crate::process_tree::{carrying, kill_all};
use crate::stand_in_cli::World;

const ABORTED: &str = "aborted: another node is performing database changes\n";

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl World {
    /// Runs `kong migrations ARGUMENTS` on `cell`.
    fn migrate(&self, version: &str, arguments: &str) -> Output {
        let words: Vec<_> = arguments.split_whitespace().collect();
        self.kong(
            version,
            &[&["migrations"], &words[..], &["-c", "kong.conf"]].concat(),
        )
    }

    /// A `cell` as 2.8.5 bootstraps it.
    fn bootstrapped() -> Self {
        let world = Self::without_recordings();
        world.enter("st_empty");
        world.conf("cell");
        let output = world.migrate("2.8.5", "bootstrap");
        assert!(output.status.success(), "{output:?}");
        world
    }

    fn list(&self, version: &str) -> Option<i32> {
        self.migrate(version, "list").status.code()
    }

    fn faults(&self, json: &str) {
        std::fs::create_dir_all(self.prefix()).expect("a prefix");
        std::fs::write(self.prefix().join("stand-in-faults.json"), json).expect("written");
    }

    fn start_up(&self) -> Child {
        self.kong_command("3.4.2", &["migrations", "up", "-c", "kong.conf"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started")
    }

    /// Waits until `statement` answers `t`.
    fn wait_for(&self, statement: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.sql("cell", statement) != "t\n" {
            assert!(Instant::now() < deadline, "{statement}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn hold_lock(&self, seconds: u32) {
        self.sql(
            "cell",
            &format!("INSERT INTO locks VALUES ('migrations', 'somebody', now() + interval '{seconds} seconds')"),
        );
    }
}

#[test]
fn a_foreign_lock_stops_everybody_in_kongs_several_ways() {
    let world = World::bootstrapped();
    world.hold_lock(600);
    let up = world.migrate("3.4.2", "up --lock-timeout 1");
    assert_eq!(up.status.code(), Some(1));
    assert!(
        stderr(&up).starts_with("Error: [PostgreSQL error] timeout\n"),
        "{up:?}"
    );
    let finish = world.migrate("3.4.2", "finish --lock-timeout 1");
    assert_eq!(
        (finish.status.code(), stdout(&finish).as_str()),
        (Some(0), ABORTED)
    );
    let reset = world.migrate("3.4.2", "reset -y --lock-timeout 1");
    assert_eq!(
        (reset.status.code(), stdout(&reset).as_str()),
        (Some(1), ABORTED)
    );
    assert_eq!(world.list("3.4.2"), Some(5));
}

#[test]
fn an_up_that_waited_for_a_lock_has_not_migrated() {
    let world = World::bootstrapped();
    world.hold_lock(1);
    let up = world.migrate("3.4.2", "up");
    assert_eq!((up.status.code(), stdout(&up).as_str()), (Some(0), ABORTED));
    assert_eq!(world.list("3.4.2"), Some(5));
}

#[test]
fn of_two_ups_at_once_one_is_aborted_and_both_end_in_0() {
    let world = World::bootstrapped();
    world.faults(r#"{"migration_delay_ms": 400}"#);
    let first = world.start_up();
    world.wait_for("SELECT EXISTS (SELECT FROM locks)");
    let second = world.migrate("3.4.2", "up");
    let first = first.wait_with_output().expect("ended");
    assert_eq!(
        (second.status.code(), stdout(&second).as_str()),
        (Some(0), ABORTED)
    );
    assert!(first.status.success());
    assert!(stdout(&first).ends_with(
        "15 migrations processed\n11 executed\n4 pending\n\nDatabase has pending migrations; run 'kong migrations finish' when ready\n"
    ));
    assert_eq!(world.list("3.4.2"), Some(4));
}

#[test]
fn a_killed_up_is_rolled_back_and_leaves_its_lock() {
    let world = World::bootstrapped();
    world.faults(r#"{"migration_hangs": "016_280_to_300"}"#);
    let mut up = world.start_up();
    world.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'DO%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid())");
    up.kill().expect("killed");
    up.wait().expect("ended");
    // The server notices at its next breath, or when somebody ends the session.
    world.sql("cell", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO%pg_sleep%' AND pid <> pg_backend_pid()");
    world.wait_for("SELECT to_regclass('sm_vaults') IS NULL");
    assert_eq!(world.list("3.4.2"), Some(5));
    assert_eq!(
        world.sql("cell", "SELECT count(*) FROM locks WHERE ttl > now()"),
        "1\n"
    );
}

#[test]
fn a_late_commit_comes_after_its_client_is_dead() {
    let world = World::bootstrapped();
    world.faults(r#"{"migration_commits_late_ms": 1500}"#);
    let mut up = world.start_up();
    world.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'BEGIN%' AND wait_event = 'PgSleep')");
    up.kill().expect("killed");
    up.wait().expect("ended");
    assert_eq!(world.list("3.4.2"), Some(5));
    world.wait_for("SELECT to_regclass('sm_vaults') IS NOT NULL");
    assert_eq!(world.list("3.4.2"), Some(4));
}

#[test]
fn a_failing_migration_is_rolled_back_and_named() {
    let world = World::bootstrapped();
    world.faults(r#"{"migration_fails": "017_300_to_310"}"#);
    let up = world.migrate("3.4.2", "up");
    assert_eq!(up.status.code(), Some(1));
    assert!(stdout(&up).ends_with("core migrated up to: 016_280_to_300 (pending)\n"));
    assert!(
        stderr(&up).contains(
            "failed to run migration '017_300_to_310' up: ERROR: the stand-in was told to fail here"
        ),
        "{up:?}"
    );
    assert_eq!(
        world.sql(
            "cell",
            "SELECT to_regclass('key_sets') IS NULL, (SELECT count(*) FROM locks)"
        ),
        "t|0\n"
    );
    assert_eq!(world.list("3.4.2"), Some(4));
}

#[test]
fn a_node_is_started_once_found_healthy_reloaded_and_stopped() {
    let world = World::bootstrapped();
    let kept = KeptPort::any();
    let port = kept.port;
    let conf = std::fs::read_to_string(world.conf("cell")).expect("readable");
    let path = world.prefix().with_file_name("kong.conf");
    let conf = format!("{conf}admin_listen = 127.0.0.1:{port}\n");
    std::fs::write(&path, conf).expect("written");
    let prefix = world.prefix();
    let kong = |arguments: &str| {
        let words: Vec<_> = arguments.split_whitespace().collect();
        world.kong("2.8.5", &[&words[..], &["-c", "kong.conf"]].concat())
    };
    assert_eq!(stdout(&kong("start")), "Kong started\n");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    let again = kong("start");
    let running = format!("Error: Kong is already running in {}\n", prefix.display());
    assert!(stderr(&again).starts_with(&running), "{again:?}");
    let healthy = format!(
        "nginx.......running\n\nKong is healthy at {}\n",
        prefix.display()
    );
    assert_eq!(stdout(&kong("health")), healthy);
    assert_eq!(stdout(&kong("reload")), "Kong reloaded\n");
    assert_eq!(stdout(&kong("quit")), "Kong stopped (gracefully)\n");
    let stopped = kong("stop");
    let not_running = format!("Error: nginx not running in prefix: {}\n", prefix.display());
    assert_eq!(stopped.status.code(), Some(1));
    assert!(stderr(&stopped).starts_with(&not_running), "{stopped:?}");
    let taken = TcpListener::bind(("127.0.0.1", port)).expect("free again");
    let refused = kong("start");
    assert!(
        stderr(&refused).contains("98: Address already in use"),
        "{refused:?}"
    );
    drop(taken);
}

#[test]
fn an_installed_kong_is_the_stand_in_of_its_version_and_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let version = "3.9.1".parse().expect("a version");
    let cutover = std::path::Path::new(env!("CARGO_BIN_EXE_cutover"));
    let kong =
        cutover::lab::stand_in::install(&directory.path().join("kong-3.9.1"), &version, cutover)
            .expect("installed");
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(&kong)
            .args(arguments)
            .output()
            .expect("runs");
        stdout(&output)
    };
    assert_eq!(run(&["version"]), "3.9.1\n");
    let long = run(&["version", "-a"]);
    assert!(
        long.starts_with("Kong: 3.9.1\n") && long.contains("stand-in"),
        "{long}"
    );
}

/// Like nginx, which leaves the session of `kong start` when it has begun and no earlier: what is killed in the middle leaves nothing that
/// comes up later, behind the back of whoever looked.
#[test]
fn a_start_that_is_killed_leaves_no_node_that_is_still_to_begin() {
    let world = World::bootstrapped();
    let mut locker = world
        .psql_command(
            "cell",
            &["-c", "BEGIN; LOCK TABLE routes; SELECT pg_sleep(600)"],
        )
        .spawn()
        .expect("psql runs");
    world.wait_for("SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'routes'::regclass)");
    let mark = format!("CUTOVER_TEST_MARK={}", world.prefix().display());
    let (name, value) = mark.split_once('=').expect("both");
    let mut start = world
        .kong_command("2.8.5", &["start", "-c", "kong.conf"])
        .env(name, value)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("started");
    world.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'cell')");
    assert!(
        carrying(&mark).len() > 1,
        "the node reads its configuration"
    );
    let group = Pid::from_child(&start);
    kill_process_group(group, Signal::KILL).expect("sent");
    start.wait().expect("waited for");
    // A killed one takes a moment to be gone; one that is not waits for the lock.
    let deadline = Instant::now() + Duration::from_secs(5);
    while !carrying(&mark).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let left: Vec<String> = carrying(&mark).into_iter().map(|one| one.name).collect();
    kill_all(|| carrying(&mark));
    world.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'",
    );
    locker.wait().expect("waited for");
    assert_eq!(left, Vec::<String>::new());
}
