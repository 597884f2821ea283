//! What the crate `regex`, over characters, understands otherwise than PCRE, over bytes.

use std::fmt;

use serde::Serialize;

/// Something that the two engines understand differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// `/a|/b`: the second branch matches anywhere in a path, since only the first is anchored.
    Anchor,
    /// `?<` that begins no named group, which Kong writes anew as `?P<`.
    NamedGroup,
    /// `a{2}+`: gives nothing back in PCRE, and repeats once more in the crate.
    Possessive,
    /// `[a&&b]`, `[a--b]`, `[[a]]`: operations on sets, which are characters in PCRE.
    Class,
    /// `\v`, `\<`, `\b{start}`, `(?R)`: another meaning.
    Escape,
    /// `a{1, 2}`: characters in PCRE, a repetition in the crate.
    Spaces,
    /// An expression that PCRE gives up on for long paths, and the crate does not.
    Backtracking,
    /// `$`: also before a newline at the end in PCRE.
    FinalNewline,
    /// `\d`, `\w`, `\s`, `\b`, or letters of any case: those of all languages in the crate.
    Unicode,
    /// `.` or `[^/]` for a single character, or one beyond ASCII: a byte in PCRE.
    Bytes,
}

impl Difference {
    /// Whether only requests with characters beyond ASCII, or with a newline in the path, are matched otherwise.
    #[must_use]
    pub fn is_rare(self) -> bool {
        matches!(self, Self::FinalNewline | Self::Unicode | Self::Bytes)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Anchor => "only the first branch of `|` is held to the beginning of the path",
            Self::NamedGroup => "Kong writes `?P<` for `?<`",
            Self::Possessive => {
                "a `+` behind a repetition repeats again instead of giving nothing back"
            }
            Self::Class => "`&&`, `--`, `~~` and `[` in brackets are operations on sets",
            Self::Escape => "an escape means something else",
            Self::Spaces => "spaces in braces do not keep them from being a repetition",
            Self::Backtracking => "PCRE gave up on it for long paths",
            Self::FinalNewline => "`$` no longer matches before a newline at the end",
            Self::Unicode => {
                "`\\d`, `\\w`, `\\s`, `\\b` and letters of any case are those of all languages"
            }
            Self::Bytes => "a single character was a byte",
        })
    }
}
