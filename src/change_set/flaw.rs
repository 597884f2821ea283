//! What can be wrong with a change set that was read.

use super::{ChangeSet, Location};

/// What is wrong with a change set. No value is part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is of another shape.
    #[error(
        "it is written in format {format}, and this version reads format {}",
        ChangeSet::FORMAT
    )]
    Format {
        /// The version of its shape.
        format: u32,
    },
    /// A secret stands in it.
    #[error(
        "`{name}` in `{location}` is a secret and stands there in plain: write `secret = \"any\"` and a `reference` instead"
    )]
    SecretSetting {
        /// The file.
        location: Location,
        /// The setting.
        name: String,
    },
    /// A secret stands in a file's text.
    #[error(
        "the text of `{location}` looks as if it held a secret: write it as `form = \"secret\"` with a `reference`"
    )]
    SecretText {
        /// The file.
        location: Location,
    },
    /// One file twice.
    #[error("`{location}` is changed twice")]
    FileTwice {
        /// The file.
        location: Location,
    },
    /// One setting twice.
    #[error("`{name}` in `{location}` is changed twice")]
    SettingTwice {
        /// The file.
        location: Location,
        /// The setting.
        name: String,
    },
    /// A name that none is.
    #[error("`{}` in `{location}` is not the name of a setting", name.escape_debug())]
    Name {
        /// The file.
        location: Location,
        /// What stands there.
        name: String,
    },
    /// Something is said to be there before or after that is not, or the other way round.
    #[error("what is said of `{location}` before and after does not fit its `presence`")]
    Presence {
        /// The file.
        location: Location,
    },
    /// A reference on the wrong side.
    #[error("`{name}` in `{location}` has a reference in `before`, where nothing is fetched")]
    Reference {
        /// The file.
        location: Location,
        /// The setting.
        name: String,
    },
    /// A content that is not that of its digest.
    #[error("the content of `{location}` does not fit its digest")]
    Content {
        /// The file.
        location: Location,
    },
    /// Digests of secrets without a seal.
    #[error("it has keyed digests and does not say under which `seal`")]
    Seal,
}
