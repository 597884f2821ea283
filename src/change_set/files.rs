//! The files of a node as they were found, and what each of them is.

use std::collections::BTreeMap;
use std::fmt;

use super::{Location, Mode, Owner};
use crate::host::unit::Comments;
use crate::kong::Version;

/// The files of a node that an adaptation is about. A file that is not among them is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Files {
    /// The version of Kong that reads them.
    pub version: Version,
    /// How the node's systemd reads comments in environment files.
    pub comments: Comments,
    /// The files.
    pub files: BTreeMap<Location, File>,
    /// The templates of nginx's configuration that releases bring along, as far as they are at hand.
    pub releases: Vec<ReleaseTemplate>,
}

/// A file. Printed, it tells its size.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub kind: Kind,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its mode.
    pub mode: Mode,
    /// Its owner.
    pub owner: Owner,
}

/// What a file is, and so how its changes are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A kong.conf: key by key.
    KongConf,
    /// A file that a unit names with `EnvironmentFile=`: variable by variable.
    EnvironmentFile,
    /// A unit file or a drop-in: variable by variable where nothing else is changed, otherwise as text.
    Unit,
    /// A template for nginx's configuration that somebody made out of a release's.
    Template {
        /// What the release calls its template.
        name: String,
    },
    /// Anything else: as a whole.
    Other,
    /// A file whose whole content is a secret, such as a key: by reference.
    Secret,
}

/// A template that a release of Kong brings along.
#[derive(Clone, PartialEq, Eq)]
pub struct ReleaseTemplate {
    /// What the release calls it.
    pub name: String,
    /// The release.
    pub version: Version,
    /// Its text.
    pub text: String,
}

impl Files {
    /// A release's template.
    pub(super) fn release(&self, name: &str, version: Version) -> Option<&ReleaseTemplate> {
        let mut releases = self.releases.iter();
        releases.find(|release| release.name == name && release.version == version)
    }
}

impl File {
    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// Whether two files are the same to whoever reads them; what they were taken for does not count.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.bytes, self.mode, &self.owner) == (&other.bytes, other.mode, &other.owner)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            bytes,
            mode,
            owner,
        } = self;
        write!(out, "File({kind:?}, {} bytes, {mode} {owner})", bytes.len())
    }
}

impl fmt::Debug for ReleaseTemplate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ReleaseTemplate({} of {})", self.name, self.version)
    }
}
