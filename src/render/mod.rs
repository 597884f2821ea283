//! Records in, text out. No decisions: what is said here follows from the journal alone.

mod choices;
mod diagnostic;
mod drill;
mod fidelity;
mod junit;
mod plan;
mod probes;
mod production;
mod progress;
mod review;
mod runbook;
mod sandbox;
mod text;
mod trial;
mod verdict;
mod writes;

pub use choices::choices;
pub use diagnostic::{Excerpt, diagnostics, uncaught};
pub use drill::drill;
pub use fidelity::{fidelity, surprises};
pub use junit::{junit_of_drill, junit_of_review, junit_of_tests};
pub use plan::plan;
pub use probes::{probed, probes};
pub use production::{downtime, production};
pub use progress::record_line;
pub use review::{review_sarif, review_text, review_verdict};
pub use runbook::runbook;
pub use sandbox::{sandbox, spent};
pub use text::{acts, clean, clean_lines, counted, duration};
pub use trial::{coverage, tested};
pub use verdict::{Standing, standing, verdict};
pub use writes::writes;
