//! The answers of dpkg and apt. After `dpkg(1)`, `dpkg-query(1)`, `dpkg-deb(1)`, `apt-cache(8)`, `apt-mark(8)`; recorded from dpkg 1.21
//! and apt 2.6.

mod archive;
mod audit;
mod failure;
#[cfg(test)]
mod failure_tests;
mod installed;
mod policy;
#[cfg(test)]
mod policy_tests;
mod trust;

pub use archive::{Archive, ArchiveError, fields};
pub use audit::{AUDIT, Unfinished, Unready, unfinished};
pub use failure::failure;
pub use installed::{HOLDS, Installed, InstalledError, State, Want, held, installed, query};
pub use policy::{
    Available, Offer, Policy, PolicyError, Source, madison, offers, policies, policy,
};
pub use trust::{Entry, TARGETS, entry_of};

use super::verify::{Changed, VerifyError, changed};

/// The question which files of a package have changed. It exits 0 also where some have, and 1 where the package is not installed.
#[must_use]
pub fn verify(package: &str) -> [String; 4] {
    ["dpkg", "--verify", "--", package].map(str::to_owned)
}

/// Reads the answer to [`verify`].
pub fn verified(answer: &str) -> Result<Vec<Changed>, VerifyError> {
    changed(answer)
}
