//! Which Cassandra a node runs: `nodetool version`. After `Version.java` of 2.2.19 to 4.1.0.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The question for the version.
pub const RELEASE: [&str; 2] = ["nodetool", "version"];

/// A version of Cassandra.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Release {
    numbers: [u32; 2],
    rest: String,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of Cassandra")]
pub struct ReleaseError(pub String);

impl Release {
    /// Reads the answer to [`RELEASE`].
    pub fn of(answer: &str) -> Result<Self, ReleaseError> {
        let version = answer
            .lines()
            .find_map(|line| line.strip_prefix("ReleaseVersion: "));
        version.unwrap_or(answer).trim_end().parse()
    }

    /// The line, `(3, 11)`.
    #[must_use]
    pub fn line(&self) -> (u32, u32) {
        (self.numbers[0], self.numbers[1])
    }

    /// Whether the tables are told of in `system_schema`. Before, they are in `system`.
    #[must_use]
    pub fn has_system_schema(&self) -> bool {
        self.line() >= (3, 0)
    }

    /// The letter of the SSTables that it writes, and the first version of theirs that it reads; nothing of an era that is not known here.
    fn formats(&self) -> Option<(char, &'static str)> {
        match self.line() {
            (2, 2) => Some(('l', "jb")),
            (3, _) => Some(('m', "jb")),
            (4, _) => Some(('n', "ma")),
            _ => None,
        }
    }

    /// Whether it reads SSTables of `version`, `mc`: those that lie in its own directories. After `BigFormat.isCompatible`.
    #[must_use]
    pub fn opens(&self, version: &str) -> bool {
        let reads =
            |(letter, earliest)| version >= earliest && version.chars().next() <= Some(letter);
        self.formats().is_some_and(reads)
    }

    /// Whether it takes SSTables of `version` from `sstableloader`: only its own era's. After `BigFormat.isCompatibleForStreaming`.
    #[must_use]
    pub fn streams(&self, version: &str) -> bool {
        let is_own = |(letter, _)| version.starts_with(letter);
        self.opens(version) && self.formats().is_some_and(is_own)
    }
}

impl FromStr for Release {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let read = || {
            let (major, rest) = text.split_once('.')?;
            let end = rest
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(rest.len());
            let (minor, rest) = rest.split_at(end);
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_+".contains(letter);
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let is_version = is_number(major) && rest.chars().all(is_plain);
            let numbers = [major.parse().ok()?, minor.parse().ok()?];
            is_version.then(|| Self {
                numbers,
                rest: rest.to_owned(),
            })
        };
        read().ok_or_else(|| ReleaseError(text.to_owned()))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.numbers[0], self.numbers[1], self.rest)
    }
}

impl From<Release> for String {
    fn from(release: Release) -> Self {
        release.to_string()
    }
}

impl TryFrom<String> for Release {
    type Error = ReleaseError;

    fn try_from(text: String) -> Result<Self, ReleaseError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        text.parse().expect("a version")
    }

    #[test]
    fn an_answer_is_read() {
        let read = Release::of("ReleaseVersion: 3.11.14\n").expect("read");
        assert_eq!(
            (read.line(), read.to_string()),
            ((3, 11), "3.11.14".to_owned())
        );
        assert!(read.has_system_schema() && !release("2.2.19").has_system_schema());
        assert_eq!(release("4.0-rc1").to_string(), "4.0-rc1");
        for text in [
            "",
            "4",
            "4.",
            "a.1",
            "+4.0",
            "4.0 x",
            "nodetool: Failed to connect",
        ] {
            assert!(Release::of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_release_opens_what_is_not_newer() {
        for (text, version, opens, streams) in [
            ("2.2.19", "lb", true, true),
            ("2.2.19", "mc", false, false),
            ("3.11.14", "lb", true, false),
            ("3.0.28", "me", true, true),
            ("4.1.0", "me", true, false),
            ("4.1.0", "nb", true, true),
            ("4.1.0", "lb", false, false),
            ("5.0.0", "nb", false, false),
            ("3.11.14", "", false, false),
        ] {
            let release = release(text);
            let told = (release.opens(version), release.streams(version));
            assert_eq!(told, (opens, streams), "{text} {version}");
        }
    }
}
