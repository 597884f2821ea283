//! Packages: what is installed, what could be, what is wrong with either, and which of Kong's is which.
//!
//! Sources: the manual pages `dpkg(1)`, `dpkg-query(1)`, `deb-version(7)`, `apt-cache(8)`, `apt-mark(8)`, `rpm(8)`, `dnf(8)`, and answers
//! recorded from dpkg 1.21, apt 2.6, rpm 4.18 and dnf 4.14. Kong's names follow its packages' own.

pub mod debian;
mod edition;
mod failure;
mod file_name;
#[cfg(test)]
mod file_name_tests;
mod fit;
mod order;
pub mod rpm;
mod verify;

pub use crate::host::facts::Format;
pub use edition::Edition;
pub use failure::{Cause, Failure, Holder};
pub use file_name::{FileNameError, PackageFile, candidates};
pub use fit::{Misfit, Target, fit};
pub use order::{DebianVersion, DebianVersionError, RpmVersion, RpmVersionError};
pub use verify::{Change, Changed, VerifyError};
