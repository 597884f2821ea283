//! Checks of what servers answer, as data: written out, read from curl's command lines, made from a gateway's routes, and two answers to
//! one request compared.
//!
//! This room asks nobody: [`crate::primitive`] sends what stands here and judges what comes back.

pub mod compare;
pub mod curl;
mod description;
mod from_curl;
pub mod generated;

pub use description::CheckDescription;
pub use from_curl::{FromCurl, from_curl};
