//! What the migrations of a real upgrade meet: locks held, stale and left behind, a killed command that commits late, a database that
//! is down, the wrong one, the wrong binary. The right verdict every time, and a message that says what to do.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::practice_cluster::{Ended, PracticeCluster, cutover_in, everything};

const REFUSED: i32 = 4;
const UNDONE: i32 = 5;
const STUCK: i32 = 7;

/// What asks whether a command of `kong migrations up` is inside a transaction.
const AT_WORK_IN_UP: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'BEGIN%' AND wait_event = 'PgSleep')";

/// Whether a migration of ours, or of somebody's command, is in the middle of its transaction.
const AT_WORK: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'kong' AND wait_event = 'PgSleep')";

#[test]
fn a_lock_that_somebody_holds_refuses_before_anything_is_touched() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    cluster.fault(&["lock-held", "600"]);
    let run = cluster.upgrade("held", &[]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(
        run.all
            .contains("the lock on migrations is held [kong.leftovers.lock]"),
        "{}",
        run.all
    );
    assert!(run.all.contains("it expires by itself"), "{}", run.all);
    assert_eq!(cluster.world(), old);
    cluster.fault(&["clear"]);
    cluster.fault(&["lock-stale"]);
    let run = cluster.upgrade("stale", &[]);
    assert_eq!(
        run.code,
        Some(0),
        "a lock that has expired is nobody's: {}",
        run.all
    );
}

#[test]
fn a_migration_that_fails_is_undone_and_says_why_in_kongs_words() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    cluster.rehearse("fails");
    cluster.fault(&["migration-fails", "016_280_to_300"]);
    let run = cluster.cutover(&["resume", "fails", "--approve", "practice"]);
    assert_eq!(run.code, Some(UNDONE), "{}", run.all);
    assert!(
        run.all
            .contains("failed to run migration '016_280_to_300' up"),
        "{}",
        run.all
    );
    assert_eq!(cluster.world(), old);
}

/// The runner dies while `kong migrations up` is at work. That is waited for, and the run goes on.
#[test]
fn a_migration_whose_runner_is_killed_is_waited_for() {
    let cluster = PracticeCluster::up();
    cluster.rehearse("alone");
    cluster.fault(&["migration-commits-late", "3000"]);
    let mut runner = cluster.start(&["resume", "alone", "--approve", "practice"]);
    cluster.wait_for(AT_WORK_IN_UP);
    runner.kill().expect("killed");
    runner.wait().expect("ended");
    let resumed = cluster.cutover(&["resume", "alone", "--approve", "practice"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.all);
    assert!(
        resumed
            .all
            .contains("? interrupted; looked: it took effect"),
        "{}",
        resumed.all
    );
}

/// The runner dies while `kong migrations up` is at work, and that with it, and the server goes on to commit: only once no session of the dead
/// command is left does the state of the schema count. Kong does not go on from a half of its migrations, so they are taken back.
#[test]
fn a_killed_migration_that_commits_late_is_waited_for_and_taken_back() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    // Long enough that the dead runner's command is still in its first migration when the next runner looks, on any machine.
    cluster.rehearse("late");
    cluster.fault(&["migration-commits-late", "8000"]);
    let mut runner = cluster.start(&["resume", "late", "--approve", "practice"]);
    cluster.wait_for(AT_WORK_IN_UP);
    runner.kill().expect("killed");
    runner.wait().expect("ended");
    kill_command(&cluster, "late");
    let resumed = cluster.cutover(&["resume", "late", "--approve", "practice"]);
    assert_eq!(resumed.code, Some(UNDONE), "{}", resumed.all);
    assert!(
        resumed
            .all
            .contains("? interrupted; looked: a part of it took effect"),
        "{}",
        resumed.all
    );
    assert!(
        resumed.all.contains("[kong.migrate_up.half]"),
        "{}",
        resumed.all
    );
    assert_eq!(cluster.world(), old);
}

/// Kills the command that a runner began last, with its group, as a host does that runs out of memory.
fn kill_command(cluster: &PracticeCluster, run: &str) {
    let journal = cluster.journal_so_far(run);
    let mut latest = journal.iter().rev();
    let begun = latest.find(|event| event["event"] == "process_started");
    let pid = begun.and_then(|event| event["process"]["pid"].as_i64());
    let pid = i32::try_from(pid.expect("it began one")).ok();
    let group = pid.and_then(Pid::from_raw).expect("a process");
    kill_process_group(group, Signal::KILL).expect("killed");
}

/// The server never notices that the client of a statement without end is gone: somebody has to end it, or nobody gets anywhere.
#[test]
fn a_killed_migration_that_never_ends_is_ended() {
    let cluster = PracticeCluster::up();
    cluster.rehearse("hangs");
    cluster.fault(&["migration-hangs", "016_280_to_300"]);
    let mut runner = cluster.start(&["resume", "hangs", "--approve", "practice"]);
    cluster.wait_for(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'DO %' AND wait_event = 'PgSleep')",
    );
    runner.kill().expect("killed");
    runner.wait().expect("ended");
    // In the long sweeps it is left alone, and is ended once its lock's two minutes are over.
    if !everything() {
        kill_command(&cluster, "hangs");
    }
    cluster.fault(&["clear"]);
    let resumed = cluster.cutover(&["resume", "hangs", "--approve", "practice"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.all);
}

#[test]
fn a_database_that_is_down_refuses_with_what_to_look_at() {
    let cluster = PracticeCluster::up();
    cluster.fault(&["database-down"]);
    let run = cluster.upgrade("down", &[]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(
        run.all.contains(
            "whether another runner is at work cannot be seen: cannot connect to database"
        ),
        "{}",
        run.all
    );
    cluster.fault(&["database-up"]);
    let run = cluster.upgrade("up", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
}

/// Somebody's `kong migrations up` was killed and left its lock, which nobody gives back: refused until its time is over.
#[test]
fn a_lock_that_a_dead_command_left_behind_is_waited_out() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    cluster.fault(&["migration-commits-late", "2000"]);
    let mut command = cluster.start_kong("3.4.2", &["migrations", "up", "--lock-timeout", "8"]);
    cluster.wait_for(AT_WORK);
    command.kill().expect("killed");
    command.wait().expect("ended");
    cluster.fault(&["clear"]);
    let run = cluster.upgrade("dead", &[]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(run.all.contains("[kong.leftovers."), "{}", run.all);
    // What it migrated before it died is no half of ours: nothing goes on from there, and it is said again once the lock is nobody's.
    cluster.wait_for("SELECT NOT EXISTS (SELECT FROM locks WHERE ttl > now())");
    let run = cluster.upgrade("later", &[]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(run.all.contains("[kong.leftovers."), "{}", run.all);
    assert_eq!(cluster.world().version(), old.version());
}

/// The database goes while a migration is in it, and the way back needs it too: stuck, with production's state first; then it comes
/// back, and so does the old world.
#[test]
fn a_database_that_goes_in_mid_migration_is_stuck_until_it_is_back() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    cluster.rehearse("gone");
    cluster.fault(&["migration-commits-late", "20000"]);
    let mut runner = cluster.start(&["resume", "gone", "--approve", "practice"]);
    cluster.wait_for(AT_WORK);
    cluster.fault(&["database-down"]);
    assert_eq!(runner.wait().expect("ended").code(), Some(STUCK));
    let down = cluster.cutover(&["why-down"]);
    assert!(
        down.all.starts_with("PRODUCTION IS DOWN since "),
        "{}",
        down.all
    );
    assert!(down.all.contains("cutover rollback"), "{}", down.all);
    cluster.fault(&["clear"]);
    cluster.roll_back("gone", &old);
}

#[test]
fn another_database_than_the_nodes_use_is_refused() {
    let cluster = PracticeCluster::up();
    let other = edited(
        &cluster.environment(),
        "other.toml",
        "database = \"kong\"",
        "database = \"postgres\"",
    );
    let run = in_place(&other);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(
        run.all.contains("does not use the database `main`"),
        "{}",
        run.all
    );
    assert!(run.all.contains("[kong.wrong_database]"), "{}", run.all);
}

#[test]
fn a_binary_that_did_not_do_up_must_not_finish() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let playbook = cluster.environment().with_file_name("other-binary.rhai");
    std::fs::write(&playbook, OTHER_BINARY).expect("written");
    let path = playbook.display().to_string();
    let run = cluster.cutover(&["run", &path, "--run-id", "other"]);
    assert_eq!(run.code, Some(UNDONE), "{}", run.all);
    assert!(
        run.all
            .contains("it knows migrations that have not run [kong.finish.other_binary]"),
        "{}",
        run.all
    );
    assert_eq!(cluster.world(), old);
}

const OTHER_BINARY: &str = r#"
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "packages.install", "database.backup"] };
let cluster = env::cluster("practice");
let backup = database::backup(cluster.database);
kong::stop(cluster.nodes);
packages::install(cluster.nodes, "3.4.2");
kong::migrate_up(cluster, #{ backup: backup });
kong::start(cluster.nodes);
kong::stop(cluster.nodes);
packages::install(cluster.nodes, "3.9.1");
kong::finish(cluster, #{ bake: "0s" });
"#;

/// A copy of the environment file with one text replaced.
fn edited(environment: &Path, name: &str, before: &str, after: &str) -> std::path::PathBuf {
    let text = std::fs::read_to_string(environment).expect("the environment");
    assert!(text.contains(before), "{text}");
    let path = environment.with_file_name(name);
    std::fs::write(&path, text.replacen(before, after, 1)).expect("written");
    path
}

fn in_place(environment: &Path) -> Ended {
    cutover_in(
        environment,
        &[
            "run",
            "in-place",
            "cluster=practice",
            "to=3.4.2",
            "checks=/health=200",
            "--approve",
            "practice",
        ],
    )
}
