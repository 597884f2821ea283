//! A change set as data, in the shape in which a person reviews it.

use serde::{Deserialize, Serialize};

use super::{Content, Digest, Held, Location, Mode, Owner, Sealed, Stated};
use crate::kong::Version;

/// What an adaptation did to the files of a node. Files stand in the order of their locations, of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeSet {
    /// The version of this shape.
    pub format: u32,
    /// The versions of Kong between which it was recorded.
    pub kong: Releases,
    /// By what the seal is known again under which its secrets are; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Sealed>,
    /// Files that are changed setting by setting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingsChange>,
    /// Templates of nginx's configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template: Vec<TemplateChange>,
    /// Files that are changed as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<ContentChange>,
}

/// Two versions of Kong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Releases {
    /// The one that reads the files before.
    pub before: Version,
    /// The one that they are adapted to.
    pub after: Version,
}

/// A file that is touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touched {
    /// Which.
    pub location: Location,
    /// Whether it is there before and after.
    #[serde(default, skip_serializing_if = "Presence::is_stays")]
    pub presence: Presence,
    /// Its mode, where that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Changed<Mode>>,
    /// Its owner, where that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Changed<Owner>>,
}

/// Whether a file is there before and after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Before and after.
    #[default]
    Stays,
    /// Only after.
    Added,
    /// Only before.
    Removed,
}

/// Something that changes; `None` where it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed<T> {
    /// What it is before.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub before: Option<T>,
    /// What it is after.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub after: Option<T>,
}

/// A file that is changed setting by setting. Everything else in it stays as it is on each node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// How it is read.
    pub kind: SettingsKind,
    /// Whether more was changed than is carried over.
    #[serde(default, skip_serializing_if = "Layout::is_same")]
    pub layout: Layout,
    /// The file.
    pub file: Touched,
    /// Its settings, in the order in which they are made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<Setting>,
}

/// How a file of settings is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsKind {
    /// As Kong reads its kong.conf.
    KongConf,
    /// As systemd reads an environment file.
    EnvironmentFile,
    /// As systemd reads `Environment=` of a unit file or a drop-in.
    Unit,
}

/// Whether the settings are all that was changed in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// They are: replayed on the file of the recording, they make the same bytes.
    #[default]
    Same,
    /// Comments or the order of lines were changed too, which is not carried over, for comments may hold secrets.
    Differs,
}

/// A key of kong.conf or a variable of the environment. Of one that is not there, the side is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What the version before reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Stated>,
    /// What the version after is to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Stated>,
}

/// A template that somebody made out of a release's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateChange {
    /// What the releases call theirs.
    pub template: String,
    /// The file.
    pub file: Touched,
    /// It before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Customisation>,
    /// It after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Customisation>,
}

/// What somebody made of a release's template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customisation {
    /// The digest of the release's template.
    pub release: Digest,
    /// The digest of what was made of it.
    pub digest: Digest,
    /// A unified diff from the one to the other.
    pub diff: String,
}

/// A file that is changed as a whole. Where both sides are missing and it stays, only its mode or owner changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentChange {
    /// The file.
    pub file: Touched,
    /// What it holds before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Held>,
    /// What it is to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Content>,
}

impl ChangeSet {
    /// The version of the shape that is written.
    pub const FORMAT: u32 = 1;

    /// Whether nothing was changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.touched().next().is_none()
    }

    /// The files that it touches, which whoever replays it has to read.
    pub fn touched(&self) -> impl Iterator<Item = &Touched> {
        let settings = self.settings.iter().map(|change| &change.file);
        let templates = self.template.iter().map(|change| &change.file);
        let files = self.content.iter().map(|change| &change.file);
        settings.chain(templates).chain(files)
    }
}

// Written out, since a derived default of a generic field would ask `T` for one.
fn none<T>() -> Option<T> {
    None
}

impl Presence {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands what it asks about by reference"
    )]
    fn is_stays(&self) -> bool {
        *self == Self::Stays
    }
}

impl Layout {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands what it asks about by reference"
    )]
    fn is_same(&self) -> bool {
        *self == Self::Same
    }
}
