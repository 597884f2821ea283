//! What the families of package tools have in common, so that the order of what is done with a package is one: `steps.rs`.

use std::fmt;
use std::path::Path;

use super::place::Place;
use crate::gateway::Failure;
use crate::host::facts::Architecture;
use crate::host::packages::{DebianVersion, RpmVersion};
use crate::kong::Version;

/// The version of a package.
pub(super) trait PackageVersion: Ord + Clone + fmt::Display {
    /// Kong's version within it.
    fn kong(&self) -> Option<Version>;
}

/// What the tools say of the installed package.
pub(super) struct Installed<V> {
    pub(super) version: V,
    /// Whether it is whole: no installer was killed in the middle of it.
    pub(super) is_whole: bool,
}

/// What a package file says of itself.
pub(super) struct Inside<V> {
    pub(super) package: String,
    pub(super) version: V,
    pub(super) architecture: Option<Architecture>,
    /// How many bytes it takes once it is unpacked, if it says so.
    pub(super) unpacked: Option<u64>,
}

/// Who speaks for a package file.
pub(super) enum Word {
    /// A signed list, which says that it has this SHA-256.
    Digest(String),
    /// Its own signature, by a key that the host knows.
    Signed,
    /// Nobody.
    Nobody,
}

/// A family of package tools on a host.
pub(super) trait Driver {
    type Version: PackageVersion;

    fn place(&self) -> &Place<'_>;

    /// Refuses where what changes packages may not be started.
    async fn require_leave(&self) -> Result<(), Failure>;

    /// The package as it is installed.
    async fn installed(&self) -> Result<Option<Installed<Self::Version>>, Failure>;

    /// The names among Kong's packages of what is installed.
    async fn installed_names(&self) -> Result<Vec<String>, Failure>;

    /// The versions that repositories have.
    async fn offered(&self) -> Result<Vec<Self::Version>, Failure>;

    /// Puts the file of a version that a repository has into a directory.
    async fn fetch(&self, version: &Self::Version, directory: &Path) -> Result<(), Failure>;

    /// What a file says of itself; nothing where it is no package.
    async fn inside(&self, file: &Path) -> Result<Option<Inside<Self::Version>>, Failure>;

    /// Who speaks for a file of that version. A signature that is not good is an error.
    async fn word(&self, version: &Self::Version, file: &Path) -> Result<Word, Failure>;

    /// Refuses a version that is to be had, and not to be taken as it is.
    async fn refuse(&self, version: &Version) -> Result<(), Failure> {
        let _ = version;
        Ok(())
    }

    /// Whether the package is held at its version. That another one is kept out for good is an error.
    async fn is_held(&self, wanted: &Self::Version) -> Result<bool, Failure>;

    /// Holds it at the version that is installed.
    async fn hold(&self) -> Result<(), Failure>;

    /// Installs a file over whatever is there, and starts nothing.
    async fn install(
        &self,
        file: &Path,
        is_held: bool,
        before: Option<&Installed<Self::Version>>,
    ) -> Result<(), Failure>;
}

impl PackageVersion for DebianVersion {
    fn kong(&self) -> Option<Version> {
        of_kong(self.upstream())
    }
}

impl PackageVersion for RpmVersion {
    fn kong(&self) -> Option<Version> {
        of_kong(self.version())
    }
}

/// A snapshot's own mark stands behind a sign.
fn of_kong(upstream: &str) -> Option<Version> {
    upstream.split(['+', '~', '^']).next()?.parse().ok()
}
