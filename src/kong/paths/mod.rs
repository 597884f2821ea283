//! Ways from one version of Kong to another: which step the vendor guarantees, and which steps lead where none does. Pure.
//!
//! Source: the version table of the vendor's upgrade guide, its guides for each topology, and the open source's `UPGRADE.md`, as of 2026-08.

mod hop;
mod line;
mod plan;
mod step;

pub use hop::{Hop, Playbook};
pub use line::Line;
pub use plan::{Plan, Refusal, Setting, Store, plan};
pub use step::{Path, judge};
