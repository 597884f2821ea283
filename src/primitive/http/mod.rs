//! `http.check`, `http.poll` and `http.check_all`: what servers must answer.

mod against;
mod all;
mod check;
mod compare;
mod generated;
mod poll;
mod told;

pub use against::Against;
pub use all::{CheckAll, Checked};
pub use check::Check;
pub use compare::{CompareAnswers, ComparedAnswers};
pub use generated::{CheckGenerated, GeneratedOutcome, generated_checks};
pub use poll::Poll;
