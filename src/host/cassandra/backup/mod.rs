//! A backup: whether the cluster is ready for one, the snapshots on all nodes or on none, what is copied, and whether it is whole.

mod evidence;
#[cfg(test)]
mod laws;
mod manifest;
mod ready;
#[cfg(test)]
mod ready_tests;
mod settle;
mod steps;
mod verify;
#[cfg(test)]
mod verify_tests;

pub use evidence::Seen;
pub use manifest::{File, Manifest, NodeFiles};
pub use ready::{Unready, unready};
pub use settle::{Has, Verdict, has, verdict};
pub use steps::{clear, snapshot};
pub use verify::{Checked, Finding, Found, verify};
