//! The shipped `in-place` playbook on nodes that are reached over SSH, on real PostgreSQL and real `sshd`: it works, it goes back, it
//! survives failures, and connections that are cut at any point.

use std::fs;

use serde_json::Value;

use crate::in_place::{calls, failures, resumed, sweep};
use crate::killed_at_work::wait;
use crate::practice_cluster::{PracticeCluster, World, everything};
use crate::ssh_hosts::SshHosts;

const UNDONE: i32 = 5;
const STUCK: i32 = 7;
const WAITING: i32 = 8;
const REFUSED: i32 = 4;

/// A practice cluster each of whose nodes is on a host of its own.
pub(crate) fn cluster(hosts: &SshHosts) -> PracticeCluster {
    hosts.carry(PracticeCluster::up())
}

/// Of the points at which the sweeps without SSH kill a run every so manieth is swept over it: each costs several times as much.
const EVERY: usize = 8;

/// How many nodes a practice cluster has.
pub(crate) const NODES: u8 = 2;

#[test]
fn an_upgrade_over_ssh_and_the_way_home() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let cluster = cluster(&hosts);
    let old = cluster.world();
    // Whoever only looks leaves nothing on the hosts.
    let looked = cluster.cutover(&["doctor", "--output", "json"]);
    assert!(looked.all.contains("kong-1"), "{}", looked.all);
    for host in 1..=usize::from(NODES) {
        let left = fs::read_dir(hosts.host(host).home().join(".cutover")).expect("used");
        assert_eq!(left.count(), 0, "{}", looked.all);
    }
    let run = cluster.upgrade("whole", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    // Processes of hosts are written down with the node by which they are reached.
    assert!(
        cluster
            .journal_text("whole")
            .contains("\"node\":\"kong-1\"")
    );
    cluster.roll_back("whole", &old);
    for host in 1..=usize::from(NODES) {
        let runs = fs::read_dir(hosts.host(host).home().join(".cutover")).expect("used");
        let left = runs.map(|run| fs::read_dir(run.expect("listed").path().join("temporary")));
        let left: usize = left.flatten().map(Iterator::count).sum();
        assert_eq!(left, 0, "host {host}");
    }
}

/// A runner that was killed cannot remove what it had in a temporary directory. The one that ends the run does, also where it has nothing
/// else to do on that host.
#[test]
fn what_was_left_on_a_host_is_removed_at_the_end_of_the_run() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let cluster = cluster(&hosts);
    let home = hosts.host(1).home();
    let hangs = home.join("hangs");
    let line = format!(
        "case \"$*\" in migrations*) : > '{}'; exec sleep 600;; esac",
        hangs.display()
    );
    cluster.wrap_kong("2.8.5", &line);
    let playbook = cluster.write(
        "left.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"kong.migrations\"] };\nkong::migrations(env::cluster(\"practice\"));\n",
    );
    let mut runner = cluster.start_run(playbook.as_ref(), "left");
    wait(&cluster, "left", &mut runner, |_| hangs.exists());
    runner.kill().expect("killed");
    runner.wait().expect("ended");
    let left = || {
        let runs = fs::read_dir(home.join(".cutover")).expect("used");
        let runs = runs.map(|run| fs::read_dir(run.expect("listed").path().join("temporary")));
        runs.flatten().map(Iterator::count).sum::<usize>()
    };
    assert_eq!(left(), 1, "its prefix");
    let back = cluster.cutover(&["rollback", "left", "--confirm", "practice"]);
    assert_eq!(back.code, Some(0), "{}", back.all);
    assert_eq!(left(), 0, "{}", back.all);
}

/// Every call that changes the world fails once, before it acts and after, and from each on everything.
#[test]
fn whatever_fails_over_ssh_the_old_world_comes_back() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let chosen = if everything() { calls(1) } else { vec![17] };
    failures(&cluster(&hosts), &chosen);
}

/// Each connection is cut after so many records, and the run goes on, or home.
#[test]
fn wherever_connections_are_cut_the_run_goes_on_or_home() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let cluster = cluster(&hosts);
    let old = cluster.world();
    let cut = || (1..=usize::from(NODES)).for_each(|host| hosts.host(host).cut());
    let step = |records| if everything() { EVERY } else { records / 2 };
    let ended = disturbed(&cluster, &old, step, cut, || ());
    let [done, undone, taken_back] = ended;
    println!(
        "cut sweep over SSH: {done} went on, {undone} went home, {taken_back} were taken back; every one came back"
    );
}

/// Runs whose connections are disturbed after every so many records and mended after the runner has ended. Each goes on, or home, or is
/// taken back: how many did.
pub(crate) fn disturbed(
    cluster: &PracticeCluster,
    old: &World,
    step: impl FnOnce(usize) -> usize,
    disturb: impl Fn(),
    mend: impl Fn(),
) -> [usize; 3] {
    let whole = cluster.upgrade("whole", &[]);
    assert_eq!(whole.code, Some(0), "{}", whole.all);
    let all = cluster.records("whole");
    cluster.roll_back("whole", old);
    let mut counted = [0_usize; 3];
    for records in (2..all).step_by(step(all)) {
        let run = format!("disturbed-{records}");
        let mut running = cluster.start_upgrade(&run);
        wait(cluster, &run, &mut running, |events| {
            events.len() >= records
        });
        disturb();
        let mut code = running.wait().expect("ended").code();
        mend();
        let mut said = String::new();
        // What it wants to know it can find out itself, once it can connect again.
        if code == Some(WAITING) {
            let resumed = cluster.cutover(&["resume", &run, "--approve", "practice"]);
            // One that clients use already is held at a look that failed, and a person takes it back or on.
            let is_held = resumed.all.contains("held at a failed step");
            code = if is_held { Some(WAITING) } else { resumed.code };
            said = resumed.all;
        }
        match code {
            Some(0) => {
                cluster.roll_back(&run, old);
                counted[0] += 1;
            }
            Some(UNDONE | REFUSED) => {
                assert_eq!(cluster.world(), *old, "{run}: {said}");
                counted[1] += 1;
            }
            Some(STUCK | WAITING) => {
                cluster.roll_back(&run, old);
                counted[2] += 1;
            }
            other => panic!("{run} ended with {other:?}: {said}"),
        }
    }
    counted
}

/// `kong migrations up` works on where nobody hears of it any more. Killed, it would leave a half from which nobody goes on.
#[test]
fn a_connection_that_is_cut_while_kong_migrates_ends_no_migration() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let cluster = cluster(&hosts);
    let old = cluster.world();
    let mut running = cluster.start_upgrade("cut");
    let step = |journal: &[Value]| {
        let mut events = journal.iter();
        let up = events.find(|event| event["intent"]["verb"] == "kong.migrate_up");
        up.map(|event| event["step"].clone())
    };
    wait(&cluster, "cut", &mut running, |journal| {
        let Some(step) = step(journal) else {
            return false;
        };
        let mut events = journal.iter();
        let begun = events
            .find(|event| event["event"] == "process_started" && event["step"] == step)
            .and_then(|event| event["process"]["pid"].as_u64());
        // Its host is this machine. The shell that waits for leave has no child before it has it.
        begun.is_some_and(|pid| {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
            children.is_ok_and(|children| !children.trim().is_empty())
        })
    });
    hosts.host(1).cut();
    let ended = running.wait_with_output().expect("ended");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{told}");
    // Found done, and not begun again.
    let journal = cluster.journal("cut");
    let step = step(&journal).expect("it migrated");
    let of_step = journal.iter().filter(|event| event["step"] == step);
    let told: Vec<&Value> = of_step
        .map(|event| &event["event"])
        .filter(|event| *event != "process_started")
        .collect();
    assert_eq!(told, ["started", "settled", "finished"]);
    cluster.roll_back("cut", &old);
}

/// The runner is killed around every record, and the run taken up again by the next one, over connections of its own.
#[test]
fn wherever_the_runner_is_killed_the_next_one_goes_on_over_ssh() {
    if !everything() {
        return println!(
            "skipped: killed runners over SSH are for the long sweeps; set CUTOVER_TEST_ALL"
        );
    }
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let swept = sweep("crash", EVERY, || cluster(&hosts), resumed);
    println!(
        "crash sweep over SSH: {swept} points, every one resumed to the same world and came back"
    );
}

/// The runner is killed, and the run is taken back instead of on.
#[test]
fn a_run_over_ssh_can_be_taken_back_from_every_prefix() {
    if !everything() {
        return println!(
            "skipped: killed runners over SSH are for the long sweeps; set CUTOVER_TEST_ALL"
        );
    }
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let swept = sweep(
        "back",
        EVERY,
        || cluster(&hosts),
        |cluster, run, old, _| cluster.roll_back(run, old),
    );
    println!("rollback over SSH from {swept} prefixes: the old world every time");
}
