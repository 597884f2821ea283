//! What changed between releases of Kong that an upgrade can stumble over: rules, each with what it is about and how it is found.
//!
//! The rules are data (`stdlib/advisories.toml`). What is known of a cluster comes as [`Evidence`]; this room asks nobody. A rule whose
//! evidence is missing is unknown, never absent.

mod advisory;
mod detect;
mod evidence;
mod field;
mod judge;
mod place;
mod probes;
mod review;
mod test;
mod verdict;

pub use advisory::{
    Advisory, AdvisoryError, Edition, Kind, Severity, counted_tables, parse, shipped,
};
pub use detect::{Detect, DetectError};
pub use evidence::{
    Certificate, DataPlane, Database, Entity, Evidence, Known, License, Node, Origin, Os, Setting,
    TextFile, Topology,
};
pub use judge::judge;
pub use place::Place;
pub use review::{Finding, Review};
pub use verdict::Verdict;
