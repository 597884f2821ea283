//! How Kong reads a value: where a comment begins, what a backslash is for, what becomes of numbers.
//!
//! Sources: `conf_loader` of 2.8.5, 3.1.1, 3.2.0, 3.4.2 and 3.9.1, and the library that they read lines with. Owns values; lines and
//! keys are the reader's.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{number, space};
use crate::kong::Version;

/// What a number is told by: the first character of its text.
const SIGNS: [char; 2] = ['+', '-'];

/// A unit that is taken off numbers.
const UNIT: &str = " kB";

/// How Kong tells comments from values, which changed with 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grammar {
    /// Until 3.1: the comment swallows the character before its `#` (`a#b` is nothing, `ab#c` is `a`), and a value may begin with `#`.
    Until31,
    /// From 3.2 on: a `#` without a backslash before it begins a comment, wherever it stands.
    From32,
}

impl Grammar {
    /// The grammar of a version.
    #[must_use]
    pub fn of(version: Version) -> Self {
        if version.is_at_least(3, 2) {
            Self::From32
        } else {
            Self::Until31
        }
    }

    /// What Kong reads where `raw` stands behind the `=` of a line. Where the comment of the older grammar swallows part of a
    /// character, the rest of it is a replacement character.
    pub(super) fn value(self, raw: &str) -> String {
        let raw = match number_or_text(raw) {
            Ok(number) => return number,
            Err(text) => text,
        };
        let text = space::trim(&raw);
        let text = match self.comment(text) {
            Some(comment) => String::from_utf8_lossy(&text.as_bytes()[..comment.swallows]),
            None => text.into(),
        };
        space::trim(&text.replace("\\#", "#")).to_owned()
    }

    /// What Kong reads of a variable of the environment.
    pub(super) fn variable(self, text: &str) -> String {
        match self {
            Self::From32 => space::trim(text).to_owned(),
            // Kong escapes what could begin a comment and then reads the value as one of the file, numbers excepted.
            Self::Until31 => space::trim(&escape_comments(text).replace("\\#", "#")).to_owned(),
        }
    }

    /// Where the comment of a value begins, if it has one.
    pub(super) fn comment(self, text: &str) -> Option<Comment> {
        let bytes = text.as_bytes();
        let sign = (0..bytes.len()).find(|&at| {
            bytes[at] == b'#'
                && match at.checked_sub(1).map(|before| bytes[before]) {
                    Some(before) => before != b'\\',
                    None => self == Self::From32,
                }
        })?;
        let gap = space::trim_end(&text[..sign]).len();
        let swallows = match self {
            Self::Until31 => sign - 1,
            Self::From32 => gap,
        };
        Some(Comment {
            sign,
            gap,
            swallows,
        })
    }

    /// A value as it has to be written so that its `#` are not taken for comments.
    pub(super) fn escaped(value: &str) -> String {
        value.replace('#', "\\#")
    }
}

/// Where a comment behind a value begins, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Comment {
    /// At its `#`.
    pub(super) sign: usize,
    /// With the whitespace before that.
    pub(super) gap: usize,
    /// With everything that Kong drops.
    pub(super) swallows: usize,
}

/// What Kong's library for files makes of a value: one that begins like a number and is one is printed anew, `64 kB` included; and of
/// any other with that unit at its end the unit is gone as well.
fn number_or_text(raw: &str) -> Result<String, Cow<'_, str>> {
    if !begins_like_number(raw) {
        return Err(raw.into());
    }
    if let Some(number) = number::printed(raw) {
        return Ok(number);
    }
    // At the very end only: a carriage return behind it hides it.
    if !raw.ends_with(UNIT) {
        return Err(raw.into());
    }
    let bare = raw.replace(UNIT, "");
    number::printed(&bare).ok_or(bare.into())
}

/// Whether Kong's library hands a number on for a value.
pub(super) fn is_number(raw: &str) -> bool {
    let raw = space::trim(raw);
    begins_like_number(raw) && number::printed(raw).is_some()
}

fn begins_like_number(raw: &str) -> bool {
    raw.starts_with(|first: char| first.is_ascii_digit() || SIGNS.contains(&first))
}

/// A backslash before every `#` but one that begins the text or already has one.
fn escape_comments(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '#' && !escaped.is_empty() && !escaped.ends_with('\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::Grammar;

    #[test]
    fn comments_end_values_in_two_ways() {
        let cases = [
            // raw, until 3.1, from 3.2
            ("one", "one", "one"),
            ("one # two", "one", "one"),
            ("ab#c", "a", "ab"),
            ("#a", "#a", ""),
            ("#a#b", "#", ""),
            ("a\\#b", "a#b", "a#b"),
            ("a\\#b # c", "a#b", "a#b"),
            ("a\\\\#b", "a\\#b", "a\\#b"),
            ("\\#a", "#a", "#a"),
            ("abc\\ #", "abc\\", "abc\\"),
            ("  \t one \r", "one", "one"),
            ("\"one\"", "\"one\"", "\"one\""),
            ("one ; two", "one ; two", "one ; two"),
            ("é#a", "\u{fffd}", "é"),
            ("", "", ""),
        ];
        for (raw, until, from) in cases {
            assert_eq!(Grammar::Until31.value(raw), until, "until 3.1: {raw}");
            assert_eq!(Grammar::From32.value(raw), from, "from 3.2: {raw}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_number_is_printed_as_one() {
        let cases = [
            ("0123", "123"),
            ("0123 # kept", "0123"),
            ("12345678901234567", "1.2345678901235e+16"),
            ("64 kB", "64"),
            ("64 kB ", "64 kB"),
            ("64 kB, 1m kB", "64, 1m"),
            ("64 kB # kept", "64 kB"),
            ("1.0", "1"),
            (".5", ".5"),
            ("8k", "8k"),
            ("0.0.0.0:8000", "0.0.0.0:8000"),
        ];
        for (raw, value) in cases {
            assert_eq!(Grammar::From32.value(raw), value, "{raw}");
            assert_eq!(Grammar::Until31.value(raw), value, "{raw}");
        }
    }

    #[test]
    fn a_variable_has_no_comments_and_stays_text() {
        for text in ["a#b", "#a", "##", "a # b", "0123", "é#"] {
            assert_eq!(Grammar::Until31.variable(text), text);
            assert_eq!(Grammar::From32.variable(text), text);
        }
        assert_eq!(Grammar::Until31.variable("a\\#b"), "a#b");
        assert_eq!(Grammar::From32.variable("a\\#b"), "a\\#b");
        assert_eq!(Grammar::From32.variable(" a "), "a");
    }

    #[test]
    fn the_grammar_is_a_versions() {
        let of = |version: &str| Grammar::of(version.parse().expect("a version"));
        assert_eq!(of("2.8.5"), Grammar::Until31);
        assert_eq!(of("3.1.1"), Grammar::Until31);
        assert_eq!(of("3.2.0"), Grammar::From32);
        assert_eq!(of("3.4.3.5"), Grammar::From32);
    }
}
