//! A path as a route of Kong has it.

use std::borrow::Cow;

use super::fit::{Fit, fit};
use super::migrate;

/// What stands before an expression since 3.0.
const EXPRESSION: char = '~';

/// A path of a route, as 2.x or 3.x stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPath<'a> {
    text: &'a str,
}

impl<'a> StoredPath<'a> {
    /// The path `text`.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self { text }
    }

    /// Whether it is an expression: since 3.0 that stands before it, and before it was told from the characters.
    #[must_use]
    pub fn is_expression(&self) -> bool {
        self.text.starts_with(EXPRESSION) || self.is_rewritten()
    }

    /// Whether 2.x takes it for an expression and 3.0's migration writes that before it.
    #[must_use]
    pub fn is_rewritten(&self) -> bool {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._~/%-".contains(letter);
        // The test of 2.x lets one newline at the end pass, as `$` does.
        let text = self.text.strip_suffix('\n').unwrap_or(self.text);
        !self.text.starts_with(EXPRESSION) && !text.chars().all(is_plain)
    }

    /// What 3.0's migration makes of it; `None` if that is no text, since it has bytes that are none.
    #[must_use]
    pub fn migrated(&self) -> Option<Cow<'a, str>> {
        if self.text.starts_with(EXPRESSION) {
            Some(Cow::Borrowed(self.text))
        } else if self.is_rewritten() {
            let decoded = migrate::expression(self.text)?;
            Some(Cow::Owned(format!("{EXPRESSION}{decoded}")))
        } else {
            Some(Cow::Owned(migrate::prefix(self.text)?))
        }
    }

    /// What the new router's engine makes of it.
    #[must_use]
    pub fn fit(&self) -> Fit {
        if !self.is_expression() {
            return Fit::Same;
        }
        match self.migrated() {
            Some(path) => fit(path.trim_start_matches(EXPRESSION)),
            None => Fit::Rejected {
                why: "it has percent-encoded bytes that are no text".to_owned(),
            },
        }
    }

    /// Whether percent-encoded characters stand in it.
    #[must_use]
    pub fn has_percent_encoding(&self) -> bool {
        let bytes = self.text.as_bytes();
        bytes.windows(3).any(|three| {
            three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit()
        })
    }

    /// Whether it looks like a glob: a `*` behind a slash repeats the slash, and no more.
    #[must_use]
    pub fn is_glob(&self) -> bool {
        !self.text.starts_with(EXPRESSION) && self.text.contains("/*")
    }
}
