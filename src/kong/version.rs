//! Kong's version numbers: `3.4.2` of the open source, `3.4.3.5` of Enterprise.
//!
//! Owns their grammar and order; knows nothing of what changed between two versions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The suffix under which Enterprise reports its version.
const ENTERPRISE_SUFFIX: &str = "-enterprise-edition";

/// A version of Kong Gateway, ordered as its releases are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number.
    pub patch: u16,
    /// The fourth number, which only Enterprise has.
    pub build: Option<u16>,
}

/// A text that is not a version of Kong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version of Kong (`3.4.2`, or `3.4.3.5` for Enterprise)")]
pub struct VersionError {
    /// What was given.
    pub text: String,
}

impl Version {
    /// The open-source version `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
            build: None,
        }
    }

    /// Whether this is `major.minor` or later.
    #[must_use]
    pub fn is_at_least(&self, major: u16, minor: u16) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        match self.build {
            Some(build) => write!(formatter, ".{build}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let invalid = || VersionError {
            text: text.to_owned(),
        };
        let numbers = text.strip_suffix(ENTERPRISE_SUFFIX).unwrap_or(text);
        let numbers: Vec<u16> = numbers
            .split('.')
            .map(|number| {
                // The parser of integers would also take a plus sign.
                if number.bytes().all(|byte| byte.is_ascii_digit()) {
                    number.parse().map_err(|_| invalid())
                } else {
                    Err(invalid())
                }
            })
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [major, minor, patch] if !text.ends_with(ENTERPRISE_SUFFIX) => {
                Ok(Self::new(major, minor, patch))
            }
            [major, minor, patch, build] => Ok(Self {
                build: Some(build),
                ..Self::new(major, minor, patch)
            }),
            _ => Err(invalid()),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_printed_and_ordered() {
        let parse = |text: &str| text.parse::<Version>().expect("a version");
        assert_eq!(parse("3.4.2"), Version::new(3, 4, 2));
        assert_eq!(parse("3.4.3.5-enterprise-edition").to_string(), "3.4.3.5");
        assert!(parse("2.8.5") < parse("3.4.2"));
        assert!(parse("3.4.2") < parse("3.4.2.1"));
        assert!(parse("3.10.0") > parse("3.9.1"));
        assert!(parse("3.10.0").is_at_least(3, 5));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "3.4",
            "3.4.x",
            "3.+4.2",
            "3.4.2.1.0",
            "3.4.2-enterprise-edition",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        let error = "3.4".parse::<Version>().expect_err("too short");
        assert_eq!(
            error.to_string(),
            "`3.4` is not a version of Kong (`3.4.2`, or `3.4.3.5` for Enterprise)"
        );
    }

    #[test]
    fn a_version_is_a_string_in_a_record() {
        let version: Version = serde_json::from_str("\"3.9.1\"").expect("read");
        assert_eq!(
            serde_json::to_string(&version).expect("written"),
            "\"3.9.1\""
        );
    }
}
