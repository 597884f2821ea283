//! What would make a change of an environment go wrong, looked for before one is begun.
//!
//! ```text
//! look (asks the gateway) ─► facts ─► checks, a file for each subject ─► report
//! ```
//!
//! A check judges facts and asks nobody: what could not be looked at is unknown, with the reason, and never fine. Most of them stand for
//! an upgrade that failed somewhere; `why` says how. [`look`] is the one file that waits for the world.

mod certificates;
mod check;
mod clocks;
mod cluster;
mod database;
mod disk;
mod facts;
mod hosts;
mod look;
mod migrations;
mod node;
mod place;
mod prefix;
mod privileges;
mod report;
mod sessions;
#[cfg(test)]
mod tests;
mod traffic;
mod words;

pub use check::{Check, Outcome};
pub use facts::{Cluster, Database, Facts, Node, Reach, Standing};
pub use look::look;
pub use report::{Finding, Report};

/// Every check, in the order in which they are told.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    let subjects: [&'static [Check]; 12] = [
        &place::CHECKS,
        &database::CHECKS,
        &migrations::CHECKS,
        &privileges::CHECKS,
        &sessions::CHECKS,
        &disk::CHECKS,
        &clocks::CHECKS,
        &node::CHECKS,
        &prefix::CHECKS,
        &cluster::CHECKS,
        &certificates::CHECKS,
        &traffic::CHECKS,
    ];
    subjects.into_iter().flatten()
}
