//! Change sets: what an adaptation did to the files of a node, recorded where it was rehearsed, reviewed by a person, and replayed on
//! nodes that are to be adapted alike.
//!
//! Pure: files come in as values, and what to write comes out as one. Invariant: a change set holds no secret, only keyed digests that
//! tell whether two secrets are the same, and references to where a secret is to be had. Invariant: a replay overwrites nothing that it
//! does not know; either everything fits and all of it is planned, or nothing is.

mod changes;
mod check;
mod conflict;
mod content;
mod digest;
mod files;
mod flaw;
mod format;
mod location;
mod mode;
mod need;
mod owner;
mod patch;
mod plan;
mod reading;
mod rebase;
mod record;
mod reference;
mod replay;
mod review;
mod seal;
mod secrecy;
mod shown;
mod stated;
mod subject;
mod suspicion;
mod templates;
mod undo;
mod unit;

#[cfg(test)]
mod tests;

pub use changes::{
    ChangeSet, Changed, ContentChange, Customisation, Layout, Presence, Releases, Setting,
    SettingsChange, SettingsKind, TemplateChange, Touched,
};
pub use conflict::{Conflict, Told, Why};
pub use content::{Content, Held};
pub use digest::{Digest, DigestError};
pub use files::{File, Files, Kind, ReleaseTemplate};
pub use flaw::Flaw;
pub use format::FormatError;
pub use location::{Location, LocationError};
pub use mode::{Mode, ModeError};
pub use need::{Need, needs};
pub use owner::{Owner, OwnerError};
pub use patch::difference;
pub use plan::{Plan, Write};
pub use reading::{Unreadable, Unwritable};
pub use rebase::{Conflicted, Hunk, Rebase, rebase};
pub use record::record;
pub use reference::{Reference, Secret, Secrets};
pub use replay::replay;
pub use review::review;
pub use seal::{Seal, Sealed, SealedError};
pub use stated::{SealedSecret, Stated};
pub use subject::Subject;
pub use templates::{Left, Templates, WhyLeft, rebase_templates};
pub use undo::undo;
pub use unit::UnitError;
