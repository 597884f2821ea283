//! A host that is partitioned off, in a network namespace of the test's own: what goes to it and what comes from it is lost without a word.
//!
//! A connection that stands hears nothing at all then, not even from a kernel, as it does of one that is cut or of a host that is frozen.
//! New ones fail at once, since the route that loses the packets is on this side.

use std::cell::Cell;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::in_place_over_ssh::{NODES, cluster, disturbed};
use crate::practice_cluster::everything;
use crate::ssh_host::SshHost;
use crate::ssh_hosts::SshHosts;

/// Says to the second process that it is in the namespace.
const INSIDE: &str = "CUTOVER_TEST_INSIDE";

/// The test that the second process is to be.
const NAME: &str = "partitioned::a_partition_costs_a_bounded_time_and_the_run_goes_on_or_home";

/// A host that says nothing is given up after twenty seconds; the rest is for what else the run does, on a busy machine.
const BOUND: Duration = Duration::from_mins(2);

/// So many partitions are spread over a run, where all is played.
const PARTITIONS: usize = 12;

#[test]
fn a_partition_costs_a_bounded_time_and_the_run_goes_on_or_home() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let mut trying = unshare();
    let possible = trying.args(["ip", "link", "set", "lo", "up"]).output();
    if !possible.is_ok_and(|tried| tried.status.success()) {
        println!("skipped: no network namespace can be made here, or `ip` is not installed");
        return;
    }
    let itself = std::env::current_exe().expect("known");
    let mut again = unshare();
    again.arg(itself).args(["--exact", NAME, "--nocapture"]);
    let played = again.env(INSIDE, "1").output().expect("started");
    let told = String::from_utf8_lossy(&played.stdout).into_owned();
    let errors = String::from_utf8_lossy(&played.stderr).into_owned();
    assert!(played.status.success(), "{told}{errors}");
    let counts = told.lines().find(|line| line.contains("partition sweep"));
    println!("{}", counts.unwrap_or("skipped inside the namespace"));
}

/// What runs the command that its arguments are in a network namespace of its own.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--"]).stdin(Stdio::null());
    command
}

fn inside() {
    ip("link set lo up");
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    hosts.separate_callers();
    let cluster = cluster(&hosts);
    let old = cluster.world();
    let begun = Cell::new(Instant::now());
    let longest = Cell::new(Duration::ZERO);
    let part = || {
        begun.set(Instant::now());
        route("add", hosts.host(1));
    };
    let mend = || {
        let took = begun.get().elapsed();
        assert!(took < BOUND, "{took:?}");
        longest.set(longest.get().max(took));
        route("del", hosts.host(1));
    };
    let partitions = if everything() { PARTITIONS } else { 2 };
    let step = |records: usize| records / partitions;
    let [done, undone, taken_back] = disturbed(&cluster, &old, step, part, mend);
    println!(
        "\npartition sweep: {done} went on, {undone} went home, {taken_back} were taken back; the longest took {} s",
        longest.get().as_secs()
    );
}

/// Begins to lose what goes between a host and its callers, or ends it.
fn route(verb: &str, host: &SshHost) {
    for address in [host.address, host.caller] {
        ip(&format!("route {verb} blackhole {address}/32 table local"));
    }
}

fn ip(words: &str) {
    let done = Command::new("ip").args(words.split(' ')).output();
    let done = done.expect("it was there a moment ago");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ip {words}: {told}");
}
