//! Why a file cannot be edited as asked. No value is ever part of it, since it may be a secret.

/// Why an edit is refused. The file is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Kong would read another key, or one that it does not know: its keys are small letters, digits and `_`.
    #[error("`{key}` cannot be a key of kong.conf: keys are small letters, digits and underscores")]
    Key {
        /// The key.
        key: String,
    },
    /// A value with a line break, which would end the setting.
    #[error("the value of `{key}` has a line break, which kong.conf cannot hold")]
    LineBreak {
        /// The key.
        key: String,
    },
    /// A value with a control character.
    #[error("the value of `{key}` has a control character, which kong.conf should not hold")]
    Control {
        /// The key.
        key: String,
    },
    /// A value with whitespace around it, which Kong takes away.
    #[error("the value of `{key}` begins or ends with whitespace, which Kong takes away")]
    Whitespace {
        /// The key.
        key: String,
    },
    /// A value that Kong's reader takes for a list, because of the separator it is given so that no value is one.
    #[error(
        "the value of `{key}` has `_blank_` in it, which Kong's reader takes for the separator of a list"
    )]
    Separator {
        /// The key.
        key: String,
    },
    /// Until 3.1 a comment behind nothing is the value.
    #[error("Kong would take the comment behind `{key}` in line {line} for its value")]
    Comment {
        /// The key.
        key: String,
        /// The line, from 1.
        line: usize,
    },
    /// Kong cannot read the file.
    #[error("Kong cannot read the file: line {line} begins with `[` and names no section")]
    Broken {
        /// The line, from 1.
        line: usize,
    },
    /// No line that could be written says this without changing what others say.
    #[error("`{key}` cannot be set to this value without changing other settings")]
    NoPlace {
        /// The key.
        key: String,
    },
}
