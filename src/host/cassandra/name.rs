//! Names: of keyspaces and tables, and of snapshots. Both become words of commands, parts of paths and parts of statements, so they are
//! taken only where they can be none of an option, another path or another statement.
//!
//! Cassandra has the first kind itself: 48 letters, digits and underscores (`CFMetaData.isNameValid` of 2.2 to 3.11). The second is narrower
//! here than there, where a snapshot may be called anything that is a directory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name of a keyspace or table.
const LONGEST_NAME: usize = 48;

/// The longest tag. Cassandra 2.2 and 3.0 before 3.0.16 list tags in a column of 20 letters and leave no blank behind a longer one.
const LONGEST_TAG: usize = 20;

/// The name of a keyspace or of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Name(String);

/// The name of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tag(String);

/// A text that is no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No keyspace and no table can have it.
    #[error("`{0}` is no name of a keyspace or table: 1 to 48 letters, digits and underscores")]
    Name(String),
    /// No snapshot of ours can have it.
    #[error(
        "`{0}` is no tag for a snapshot: 1 to 20 letters, digits and underscores, a letter first"
    )]
    Tag(String),
}

impl Name {
    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands in a statement. Quoted always: unquoted, its uppercase letters would be lost, and some names are keywords.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl Tag {
    /// The tag itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_word(text: &str, longest: usize) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.len() <= longest && text.bytes().all(is_letter)
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name = is_word(text, LONGEST_NAME).then(|| Self(text.to_owned()));
        name.ok_or_else(|| NameError::Name(text.to_owned()))
    }
}

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_tag = is_word(text, LONGEST_TAG)
            && text.starts_with(|first: char| first.is_ascii_alphabetic());
        let tag = is_tag.then(|| Self(text.to_owned()));
        tag.ok_or_else(|| NameError::Tag(text.to_owned()))
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl TryFrom<String> for Tag {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_and_quoted() {
        let name: Name = "Kong_2".parse().expect("a name");
        assert_eq!(name.quoted(), "\"Kong_2\"");
        let tag: Tag = "kong_20261130T065739".parse().expect("a tag");
        assert_eq!(tag.as_str(), "kong_20261130T065739");
    }

    #[test]
    fn what_could_be_something_else_is_refused() {
        let long = "a".repeat(49);
        for text in ["", "-t", "a-b", "a/b", "..", "a b", "a\";DROP", "ü", &long] {
            let error = NameError::Name(text.to_owned());
            assert_eq!(text.parse::<Name>(), Err(error));
        }
        for text in ["", "1", "_a", "-a", "kong_20261130T0657391", "a.b"] {
            let error = NameError::Tag(text.to_owned());
            assert_eq!(text.parse::<Tag>(), Err(error));
        }
    }
}
