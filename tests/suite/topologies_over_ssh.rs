//! The upgrades of other topologies, and the move to other hosts, on nodes that are reached over SSH: killed and failing on the way, as
//! `in_place_over_ssh` plays the upgrade in place.

use crate::in_place::{calls, failures, sweep};
use crate::practice_cluster::{PracticeCluster, everything};
use crate::relocate;
use crate::ssh_hosts::SshHosts;
use crate::topologies::{dbless, goes_on, hybrid};

/// A test's own: how many hosts there are, and a cluster each of whose nodes is to be on one of them.
struct Case {
    name: &'static str,
    hosts: u8,
    up: fn() -> PracticeCluster,
    /// Of the points at which a run can be killed every so manieth is played: each costs several times as much as without SSH. No multiple of
    /// three, since there are three ways to be killed around a record.
    every: usize,
}

const CASES: [Case; 3] = [
    Case {
        name: "rolling",
        hosts: 3,
        up: dbless,
        every: 25,
    },
    Case {
        name: "hybrid",
        hosts: 5,
        up: hybrid,
        every: 64,
    },
    Case {
        name: "relocate",
        hosts: 4,
        up: relocate::sides,
        every: 25,
    },
];

/// Plays `play` on each case; without the long sweeps on none.
fn each(play: impl Fn(&Case, &SshHosts)) {
    if !everything() {
        return println!(
            "skipped: other topologies over SSH are for the long sweeps; set CUTOVER_TEST_ALL"
        );
    }
    for case in &CASES {
        let Some(hosts) = SshHosts::start(case.hosts) else {
            return;
        };
        play(case, &hosts);
    }
}

#[test]
fn wherever_the_runner_is_killed_the_next_one_goes_on_or_home_over_ssh() {
    each(|case, hosts| {
        let up = || hosts.carry((case.up)());
        let swept = sweep("crash", case.every, up, goes_on);
        println!(
            "{} over SSH, crash sweep: {swept} points, every one resumed to the same world and came back",
            case.name
        );
        let swept = sweep("back", case.every, up, |cluster, run, old, _| {
            cluster.roll_back(run, old);
        });
        println!(
            "{} over SSH, rollback from {swept} prefixes: the old world every time",
            case.name
        );
    });
}

#[test]
fn whatever_fails_over_ssh_the_old_world_comes_back() {
    each(|case, hosts| {
        println!("{} over SSH:", case.name);
        failures(&hosts.carry((case.up)()), &calls(8));
    });
}
