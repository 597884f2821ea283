//! `relocate` on a practice cluster with a second side of the same version: clients notice nothing, what the new hosts do not reach stops it
//! before anything is touched, and the old database is closed at the end and open again on the way back.

use std::fs;

use crate::in_place::{calls, failures, sweep};
use crate::practice_cluster::{PracticeCluster, everything};
use crate::ssh_hosts::SshHosts;
use crate::topologies::goes_on;

const MOVE: [&str; 10] = [
    "relocate",
    "from=practice",
    "to=green",
    "checks=/health=200",
    "steps=50,100",
    "watch=0s",
    "settle=0s",
    "bake=0s",
    "interval=10ms",
    "differ=log_level",
];

pub(crate) fn sides() -> PracticeCluster {
    PracticeCluster::up_for(&MOVE, &["--green", "2.8.5"])
}

#[test]
fn clients_move_and_the_old_side_is_closed_until_it_is_taken_back() {
    let cluster = sides();
    let old = cluster.world();
    let run = cluster.upgrade("moved", &["probe=50"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert!(run.verdict.contains(" probes, 0 failed"), "{}", run.verdict);
    let closed = cluster.try_sql("SELECT 1").expect_err("closed");
    assert!(
        closed.contains("not currently accepting connections"),
        "{closed}"
    );
    cluster.roll_back("moved", &old);
}

#[test]
fn what_new_hosts_do_not_reach_is_refused_before_anything_is_touched() {
    let cluster = sides();
    for (name, url) in [
        ("gone", "http://127.0.0.1:1/"),
        ("nameless", "http://orders.invalid:80/"),
        (
            "plain",
            &format!("https{}", cluster.upstream().trim_start_matches("http")),
        ),
    ] {
        let service = format!("{{\"name\":\"{name}\",\"url\":\"{url}\"}}");
        cluster.admin("POST", "/services", &service);
    }
    let old = cluster.world();
    let refused = cluster.upgrade("refused", &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    assert!(
        refused.all.contains("does not reach 3 of the "),
        "{}",
        refused.all
    );
    for told in [
        "tcp://127.0.0.1:1 (the service `gone`): ",
        "Connection refused",
        "tcp://orders.invalid:80 (the service `nameless`): ",
        "(the service `plain`): ",
    ] {
        assert!(refused.all.contains(told), "{told}: {}", refused.all);
    }
    assert_eq!(cluster.world(), old);
}

#[test]
fn sides_that_go_by_other_settings_are_refused() {
    let cluster = sides();
    let conf = cluster.path().join("nodes/green-2/kong.conf");
    let text = fs::read_to_string(&conf).expect("there");
    fs::write(&conf, text + "mem_cache_size = 64m\n").expect("written");
    let old = cluster.world();
    let refused = cluster.upgrade("differ", &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    let told =
        "green-2 goes by other settings than kong-1: mem_cache_size: 128m (default), and 64m";
    assert!(refused.all.contains(told), "{}", refused.all);
    // Of two clusters their first nodes are compared.
    let playbook = cluster.write(
        "compare.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"env.compare\"] };\n\
         let found = env::compare(env::cluster(\"practice\"), env::cluster(\"green\"));\n\
         run::note(`different: ${found.different.keys()}`);\n",
    );
    let compared = cluster.cutover(&["run", &playbook, "--run-id", "compared"]);
    assert_eq!(compared.code, Some(0), "{}", compared.all);
    let told = "different: [\"pg_database\", \"pg_user\", \"practice_faults\"]";
    assert!(compared.all.contains(told), "{}", compared.all);
    assert_eq!(cluster.world(), old);
}

fn long() -> bool {
    let wanted = everything();
    if !wanted {
        println!("skipped: sweeps of a move take minutes; set CUTOVER_TEST_ALL to play them");
    }
    wanted
}

/// Of the points at which a move can be killed every so manieth is.
const EVERY: usize = 4;

#[test]
fn a_move_goes_on_wherever_it_is_killed() {
    if !long() {
        return;
    }
    let swept = sweep("crash", EVERY, sides, goes_on);
    println!(
        "relocate, crash sweep: {swept} points, every one resumed to the same world and came back"
    );
}

#[test]
fn a_move_comes_back_from_every_prefix() {
    if !long() {
        return;
    }
    let swept = sweep("back", EVERY, sides, |cluster, run, old, _| {
        cluster.roll_back(run, old);
    });
    println!("relocate, rollback from {swept} prefixes: the old world every time");
}

#[test]
fn a_move_comes_back_whatever_fails() {
    if long() {
        failures(&sides(), &calls(1));
    }
}

/// By their hosts, since the new nodes do not run yet: what counts by another clock would count in other windows.
#[test]
fn new_hosts_with_another_time_are_refused_before_anything_is_touched() {
    let Some((hosts, cluster)) = SshHosts::carrying(sides()) else {
        return;
    };
    let old = cluster.world();
    hosts
        .host(hosts.names().len())
        .program("date", "exec /bin/date -d '5 seconds' \"$@\"");
    let refused = cluster.upgrade("refused", &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    let told = regex::Regex::new(
        r"the clock of green-2 is \d+ ms ahead of that of (kong|green)-\d: they would count in different windows",
    );
    assert!(
        told.expect("a pattern").is_match(&refused.all),
        "{}",
        refused.all
    );
    assert_eq!(cluster.world(), old);
}
