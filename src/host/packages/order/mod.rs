//! Versions of packages, ordered as the tools that install them do it. Each follows its tool's own comparison.

mod debian;
#[cfg(test)]
mod laws;
mod rpm;

pub use debian::{DebianVersion, DebianVersionError};
pub use rpm::{RpmVersion, RpmVersionError};
