//! Whom a file belongs to, by name: numbers differ from host to host.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A file's user and group, written `kong:kong`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Owner {
    user: String,
    group: String,
}

/// A text that does not name an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an owner is written as the names of a user and a group, such as `root:kong`")]
pub struct OwnerError;

impl Owner {
    /// The owner of these names.
    pub fn new(user: &str, group: &str) -> Result<Self, OwnerError> {
        // A name that begins with a dash is an option to the program that changes owners, and digits alone are a number.
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-.$@\\".contains(&byte))
        };
        if !is_name(user) || !is_name(group) {
            return Err(OwnerError);
        }
        Ok(Self {
            user: user.to_owned(),
            group: group.to_owned(),
        })
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.user, self.group)
    }
}

impl FromStr for Owner {
    type Err = OwnerError;

    fn from_str(text: &str) -> Result<Self, OwnerError> {
        let (user, group) = text.split_once(':').ok_or(OwnerError)?;
        Self::new(user, group)
    }
}

impl TryFrom<String> for Owner {
    type Error = OwnerError;

    fn try_from(text: String) -> Result<Self, OwnerError> {
        text.parse()
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Owner;

    #[test]
    fn an_owner_is_two_names() {
        for text in ["root:kong", "_apt:nogroup", "svc.kong:dom\\x"] {
            assert_eq!(text.parse::<Owner>().expect("an owner").to_string(), text);
        }
        for text in [
            "", "root", "root:", ":kong", "0:0", "-R:kong", "a b:c", "a:b:c",
        ] {
            assert!(text.parse::<Owner>().is_err(), "{text}");
        }
    }
}
