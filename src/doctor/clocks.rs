//! Checks of clocks: ours, those of nodes, and those of database servers.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Database, Facts, Node};

/// What a date on an answer may be off by, being of whole seconds, on a busy machine.
const NOTICED: u64 = 500;

/// From here on two nodes count a minute's requests in two different minutes often enough to matter.
const FAR: u64 = 2_000;

pub(super) const CHECKS: [Check; 2] = [
    Check {
        code: "doctor.clock_node",
        about: "a node's clock differs from ours",
        why: "nodes that disagree about the minute count a client's requests in two windows, and tokens and signatures end early or late",
        remedy: "`timedatectl set-ntp true` on both hosts, and see that `chronyc tracking` agrees",
        judge: Judge::Node(node),
    },
    Check {
        code: "doctor.clock_server",
        about: "the database server's clock differs from ours",
        why: "rows that expire do so by its clock: counters that are carried, leases of runners, Kong's lock",
        remedy: "`timedatectl set-ntp true` on both hosts, and see that `chronyc tracking` agrees",
        judge: Judge::Database(server),
    },
];

fn judged(ahead: i64) -> Outcome {
    let side = if ahead < 0 { "behind" } else { "ahead" };
    let off = ahead.unsigned_abs();
    let evidence = format!("it is {off} ms {side}");
    match off {
        FAR.. => Outcome::Wrong(evidence),
        NOTICED.. => Outcome::Warning(evidence),
        _ => Outcome::Fine(evidence),
    }
}

fn node(_: &Facts, node: &Node) -> Judged {
    Ok(judged(*node.ahead.get()?))
}

fn server(_: &Facts, database: &Database) -> Judged {
    Ok(judged(database.server.get()?.ahead))
}
