//! Where a node is not as a change set takes it to be, and what to do about it. Secrets are only told to be there.

use std::fmt;

use serde::Serialize;

use super::shown::{HIDDEN, quoted};
use super::{Subject, Unreadable, Unwritable};
use crate::kong::Version;

/// A reason not to replay, or not to undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// What is wrong.
    #[serde(flatten)]
    pub why: Why,
    /// What the change set takes to be there.
    pub base: Told,
    /// What is there.
    pub found: Told,
    /// What is to be there.
    pub wanted: Told,
}

/// What is told of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// There is none.
    Absent,
    /// A text: a value, a mode, an owner, or the first digits of a file's digest.
    Text(String),
    /// A secret.
    Secret,
    /// It makes no difference here.
    Nothing,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It is neither what it was in the recording nor what it is to be.
    Differs,
    /// The file is not there.
    Missing,
    /// The file is there, and was not in the recording.
    Present,
    /// It is a secret, and nobody has said where it is to be had.
    NoReference,
    /// It is a secret, and what it refers to was not fetched.
    NotFetched {
        /// The reference.
        reference: String,
    },
    /// The file cannot be read.
    Unreadable {
        /// Why not.
        problem: String,
    },
    /// The setting cannot be written.
    Unwritable {
        /// Why not.
        problem: String,
    },
    /// The template of the release that it was adapted to is not at hand, or is another one.
    NoRelease {
        /// What the release calls it.
        template: String,
        /// The release.
        version: Version,
    },
    /// What the change set says does not come out as the digest says that it does.
    Damaged,
    /// The secrets were sealed with another key.
    OtherSeal,
    /// The node's Kong reads its files otherwise than both versions of the recording.
    OtherVersion {
        /// The node's version.
        version: Version,
    },
    /// The file is not as the replay left it.
    ChangedSince,
}

impl Conflict {
    /// A conflict for which values make no difference.
    pub(super) fn plain(subject: Subject, why: Why) -> Self {
        Self {
            subject,
            why,
            base: Told::Nothing,
            found: Told::Nothing,
            wanted: Told::Nothing,
        }
    }

    pub(super) fn unreadable(subject: Subject, problem: &Unreadable) -> Self {
        let problem = problem.to_string();
        Self::plain(subject, Why::Unreadable { problem })
    }

    pub(super) fn unwritable(subject: Subject, problem: &Unwritable) -> Self {
        let problem = problem.to_string();
        Self::plain(subject, Why::Unwritable { problem })
    }

    /// What to do, as a sentence.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        let is_secret = [&self.base, &self.found].contains(&&Told::Secret);
        match &self.why {
            Why::Differs if is_secret => {
                "find out who changed it; where any secret may be replaced, write `secret = \"any\"` in the change set's `before`, \
                 and have it reviewed again"
            }
            Why::Differs => {
                "find out who changed it; bring the node to the base, or write what it has into the change set's `before`, and have \
                 it reviewed again"
            }
            Why::Missing => "bring the file back, or take its part out of the change set",
            Why::Present => {
                "look at what the file is for; move it away, or take its part out of the change set"
            }
            Why::NoReference => {
                "write in the change set's `after` where the secret is to be had, such as `reference = { env = \"NAME\" }`"
            }
            Why::NotFetched { .. } => {
                "see to it that what the reference names is there, and replay again"
            }
            Why::Unreadable { .. } => {
                "repair the file; Kong or systemd does not read it as it stands either"
            }
            Why::Unwritable { .. } => {
                "change the file by hand where the rehearsal ran, so that the value can be written, and record again"
            }
            Why::NoRelease { .. } => {
                "give the template out of the package that is installed next; if it is another release than in the rehearsal, \
                 rehearse with that one"
            }
            Why::Damaged => "take the change set as it was recorded, or record it again",
            Why::OtherSeal => "give the key under which the change set was recorded",
            Why::OtherVersion { .. } => {
                "record the change set between the versions that this node goes through"
            }
            Why::ChangedSince => {
                "look at who changed the file and why; then change it back by hand, or leave it"
            }
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.subject, self.why)?;
        if self.found == Told::Nothing {
            return Ok(());
        }
        let Self {
            base,
            found,
            wanted,
            ..
        } = self;
        write!(
            out,
            ": {found} is there, {base} was expected, {wanted} is wanted"
        )
    }
}

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => out.write_str("nothing"),
            Self::Text(text) => out.write_str(&quoted(text)),
            Self::Secret => out.write_str(HIDDEN),
            Self::Nothing => out.write_str("something"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs => out.write_str("it is not as it was in the recording"),
            Self::Missing => out.write_str("the file is not there"),
            Self::Present => out.write_str("the file is there, and was not in the recording"),
            Self::NoReference => {
                out.write_str("it is a secret, and the change set does not say where to get it")
            }
            Self::NotFetched { reference } => {
                write!(out, "the secret was not fetched from {reference}")
            }
            Self::Unreadable { problem } => write!(out, "the file cannot be read: {problem}"),
            Self::Unwritable { problem } => write!(out, "it cannot be written: {problem}"),
            Self::NoRelease { template, version } => {
                write!(
                    out,
                    "the template `{template}` of {version} that it was adapted to is not at hand"
                )
            }
            Self::Damaged => out.write_str("what the change set holds does not fit its own digest"),
            Self::OtherSeal => out.write_str("its secrets are sealed with another key"),
            Self::OtherVersion { version } => {
                write!(
                    out,
                    "Kong {version} reads its files otherwise than the versions of the recording"
                )
            }
            Self::ChangedSince => out.write_str("the file has been changed since the replay"),
        }
    }
}
