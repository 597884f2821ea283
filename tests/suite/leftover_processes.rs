//! What a killed runner left at work is ended before anybody looks at what it did: client tools of the database as well.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::practice_cluster::PracticeCluster;

const DONE: i32 = 0;

/// A dump waits for a table that somebody holds locked; the session is ended with this.
const UNLOCK: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'";

#[test]
fn a_dump_of_a_killed_runner_is_ended_before_the_step_is_settled() {
    let cluster = PracticeCluster::up();
    let mut locker = cluster.start_sql("BEGIN; LOCK TABLE routes; SELECT pg_sleep(600)");
    cluster.wait_for("SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'routes'::regclass)");
    let playbook = cluster.environment().with_file_name("dump.rhai");
    let text = "const PLAYBOOK = #{ api: 1, params: #{}, needs: [\"database.backup\"] };\n\
        let cluster = env::cluster(\"practice\");\ndatabase::backup(cluster.database);\n";
    std::fs::write(&playbook, text).expect("written");
    let mut runner: Child = cluster.start_run(&playbook, "dump");
    let journal = cluster.path().join("storage/runs/dump/journal.ndjson");
    let dump = await_dump(&cluster, &journal);
    runner.kill().expect("killed");
    runner.wait().expect("waited for");
    assert!(is_running(dump), "it waits for the lock");
    let run = cluster.path().join("storage/runs/dump");
    assert_eq!(password_files(&run), 1, "the dump has its password");

    let mut next = cluster.start_resume("dump");
    let deadline = Instant::now() + Duration::from_secs(30);
    while is_running(dump) {
        assert!(Instant::now() < deadline, "the dump lives");
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.maintenance(UNLOCK);
    assert_eq!(next.wait().expect("waited for").code(), Some(DONE));
    assert_eq!(password_files(&run), 0, "nobody needs it any more");
    locker.wait().expect("waited for");
}

/// How many files with passwords for tools are below a directory.
fn password_files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let count = entries.map(|entry| {
        let entry = entry.expect("listed");
        if entry.file_type().expect("told").is_dir() {
            password_files(&entry.path())
        } else {
            usize::from(entry.file_name() == "passwords")
        }
    });
    count.sum()
}

/// Waits for the dump to wait for its lock, and answers its process from the journal.
fn await_dump(cluster: &PracticeCluster, journal: &PathBuf) -> u64 {
    cluster.wait_for(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%')",
    );
    let text = std::fs::read_to_string(journal).expect("a journal");
    let records = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    let started: Vec<Value> = records
        .map(|mut record| record["event"].take())
        .filter(|event| event["program"] == "pg_dump")
        .collect();
    let last = started.last().expect("the dump is in the journal");
    assert_eq!(last["step"], 1);
    last["process"]["pid"].as_u64().expect("a number")
}

fn is_running(pid: u64) -> bool {
    // A zombie has ended; whoever inherited it has just not looked yet.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
