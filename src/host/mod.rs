//! What hosts answer, read into values: the service manager, the packages, Cassandra's tools and plain facts. Pure: no effects, no clock, no shell.
//!
//! Owns the exact argument vectors of the questions beside the readers of their answers, so that the two cannot drift apart. Every
//! vector is to be run with `LC_ALL=C`, since translated answers are not recognised. Refuses to know how a vector gets to a host.

pub mod cassandra;
pub mod facts;
#[cfg(test)]
mod hostile;
pub mod packages;
pub mod unit;
