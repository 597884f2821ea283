//! Cassandra, which Kong up to 3.3 can keep its data in: what its tools answer, and how its data is kept and brought back. Pure.
//!
//! `answers` reads nodetool and cqlsh; `files` knows the names and checksums of data files; `backup` and `restore` plan what is to be done,
//! as values with exact vectors for each node, and tell from answers what took effect. Nothing of it was rehearsed against a real Cassandra:
//! each reader names the sources that it follows.

pub mod answers;
pub mod backup;
mod digest;
pub mod export;
pub mod files;
#[cfg(test)]
mod hostile;
mod id;
mod name;
pub mod plan;
pub mod restore;
#[cfg(test)]
mod sample;
mod size;

pub use digest::{Digest, DigestError};
pub use id::{Id, IdError};
pub use name::{Name, NameError, Tag};
pub use size::Size;
