//! The answers of rpm and dnf. After `rpm(8)`, `dnf(8)`, `dnf-plugins-core`'s `versionlock`; recorded from rpm 4.18 and dnf 4.14.

mod failure;
#[cfg(test)]
mod failure_tests;
mod installed;
mod listed;
mod manager;
mod signature;
mod versionlock;

pub use failure::failure;
pub use installed::{Installed, InstalledError, in_file, installed, query};
pub use listed::{Listed, ListedError, Section, listed, offers};
pub use manager::{Manager, Repositories};
pub use signature::{Signature, check_signature, checks_signatures, signature};
pub use versionlock::{Lock, LockError, locks};

use super::verify::{Changed, VerifyError, changed};

/// The question which files of a package have changed, and nothing about what it depends on. It exits 1 where some have, and also where
/// the package is not installed.
#[must_use]
pub fn verify(package: &str) -> [String; 6] {
    ["rpm", "--verify", "--nodeps", "--noscripts", "--", package].map(str::to_owned)
}

/// Reads the answer to [`verify`].
pub fn verified(answer: &str) -> Result<Vec<Changed>, VerifyError> {
    changed(answer)
}
