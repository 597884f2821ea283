//! Work that a lock in the database keeps waiting: whoever looks is told for whom it waits, and nobody has to look for it to go on.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{CUTOVER, Terminal};
use crate::practice_cluster::{PracticeCluster, cutover};

/// What a session in which database does, and what waits for it.
const LOCKS: [(&str, &str, &str); 2] = [
    (
        "kong",
        "LOCK TABLE routes IN ACCESS EXCLUSIVE MODE",
        "the dump",
    ),
    // From elsewhere: sessions in the database itself are ended before it is renamed.
    (
        "postgres",
        "ALTER DATABASE kong CONNECTION LIMIT 55",
        "the renaming",
    ),
];

/// Backs up, migrates and comes back.
const THERE_AND_BACK: &str = r#"
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "traffic.*", "packages.install", "database.backup"] };
let cluster = env::cluster("practice");
let backup = database::backup(cluster.database);
traffic::drain(cluster.nodes);
kong::stop(cluster.nodes);
packages::install(cluster.nodes, "3.4.2");
kong::migrate_up(cluster, #{ backup: backup });
throw "back again";
"#;

#[test]
fn whoever_keeps_a_dump_or_a_renaming_waiting_is_named() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    for (at, (database, statement, waiting)) in LOCKS.iter().enumerate() {
        let run = format!("waits-{at}");
        let playbook = cluster.write("waits.rhai", THERE_AND_BACK);
        let holder = hold(&cluster, database, statement);
        let said = cluster.path().join(format!("{run}.said"));
        let mut command = cutover();
        command.args(["run", &playbook, "--run-id", &run, "--output", "ndjson"]);
        command.arg("--environment").arg(cluster.environment());
        command.stdout(File::create(&said).expect("made"));
        let mut runner = command.stderr(Stdio::null()).spawn().expect("started");
        let blocker = format!("{waiting} waits for process");
        until(|| read(&said).contains(&blocker).then_some(()));
        assert!(read(&said).contains(statement), "{}", read(&said));
        release(&cluster, holder);
        let ended = runner.wait().expect("waited for");
        assert_eq!(ended.code(), Some(5), "{}", read(&said));
        assert_eq!(cluster.world(), old);
    }
}

#[test]
fn a_terminal_that_hangs_up_in_mid_backup_does_not_stop_a_run() {
    let cluster = PracticeCluster::up();
    let holder = hold(&cluster, LOCKS[0].0, LOCKS[0].1);
    let terminal = Terminal::open();
    let mut setsid = terminal.command();
    setsid.args([CUTOVER, "run", "restore-drill", "database=main"]);
    setsid.args(["--run-id", "hangup", "--environment"]);
    setsid.arg(cluster.environment()).env("USER", "tester");
    setsid.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let mut runner = setsid.spawn().expect("started");
    drop(setsid);
    // The backup stands before the table that is locked.
    cluster.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    drop(terminal);
    release(&cluster, holder);
    let _ = runner.wait();
    let verdict = until(|| {
        let events = cluster.journal_so_far("hangup");
        let verdict = events.iter().find(|event| event["event"] == "verdict");
        verdict.cloned()
    });
    assert_eq!(verdict["ending"], "done", "{verdict}");
}

/// A session that holds what `statement` locks.
fn hold(cluster: &PracticeCluster, database: &str, statement: &str) -> Child {
    let holder = cluster.start_sql_in(
        database,
        &format!("BEGIN; {statement}; SELECT pg_sleep(600)"),
    );
    cluster.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    holder
}

fn release(cluster: &PracticeCluster, mut holder: Child) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    cluster.try_sql(end).expect("ended");
    holder.wait().expect("waited for");
}

/// What `look` finds, at last.
fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("readable")
}
