//! Records in, text out. No decisions: what is said here follows from the journal alone.

mod choices;
mod compare;
mod diagnostic;
mod doctor;
mod drill;
mod fidelity;
mod junit;
mod literal;
mod plan;
mod probes;
mod production;
mod progress;
mod review;
mod runbook;
mod sandbox;
mod smoke;
mod text;
mod trial;
mod verdict;
mod writes;

pub use choices::choices;
pub use compare::compared;
pub use diagnostic::{Excerpt, diagnostics, uncaught};
pub use doctor::{doctor_text, doctor_verdict};
pub use drill::drill;
pub use fidelity::{fidelity, surprises};
pub use junit::{
    junit_of_doctor, junit_of_drill, junit_of_review, junit_of_smoke, junit_of_tests,
};
pub use literal::literal;
pub use plan::plan;
pub use probes::{probed, probes};
pub use production::{downtime, production};
pub use progress::record_line;
pub use review::{review_sarif, review_text, review_verdict};
pub use runbook::runbook;
pub use sandbox::{sandbox, spent};
pub use smoke::{Smoke, checked_json, smoke_json, smoke_summary, smoke_tap, smoke_text};
pub use text::{acts, clean, clean_lines, counted, duration};
pub use trial::{coverage, tested};
pub use verdict::{Standing, standing, verdict};
pub use writes::writes;
