//! Where a file of a node lies, in words that hold on every node: a place that the environment declares, and a path below it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::shown::is_hidden;

/// A file of a node: `etc:kong.conf`. Which directory `etc` is, the environment says, for rehearsal and production each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Location {
    place: String,
    path: String,
}

/// A text that is not a location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not the place of a file: {problem}", text.escape_debug())]
pub struct LocationError {
    text: String,
    problem: &'static str,
}

impl Location {
    /// The file `path` below the declared `place`. It cannot lead out of there, whatever is written.
    pub fn new(place: &str, path: &str) -> Result<Self, LocationError> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let is_step = |part: &str| !matches!(part, "" | "." | "..");
        let problem = if place.is_empty() || !place.bytes().all(is_name) {
            Some("a place is called by letters, digits, `_` and `-`")
        } else if !path.split('/').all(is_step) {
            Some("the path has to go down from the place, step by step")
        } else if path.chars().any(is_hidden) || path.contains('\\') {
            Some("the path has characters that nobody sees, or a backslash")
        } else {
            None
        };
        match problem {
            None => Ok(Self {
                place: place.to_owned(),
                path: path.to_owned(),
            }),
            Some(problem) => Err(LocationError {
                text: format!("{place}:{path}"),
                problem,
            }),
        }
    }

    /// The declared place.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The path below it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the file's name ends with behind its last dot, in small letters; empty where it has none.
    pub(super) fn extension(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        extension.to_ascii_lowercase()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.place, self.path)
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        match text.split_once(':') {
            Some((place, path)) => Self::new(place, path),
            None => Err(LocationError {
                text: text.to_owned(),
                problem: "it is written as `place:path`",
            }),
        }
    }
}

impl TryFrom<String> for Location {
    type Error = LocationError;

    fn try_from(text: String) -> Result<Self, LocationError> {
        text.parse()
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_location_stays_below_its_place() {
        for text in [
            "etc:kong.conf",
            "plugins:kong/plugins/x/handler.lua",
            "a-b_1:x y",
        ] {
            let location: Location = text.parse().expect("a location");
            assert_eq!(location.to_string(), text);
        }
        for text in [
            "kong.conf",
            ":x",
            "etc:",
            "etc:/etc/passwd",
            "etc:../x",
            "etc:a/../../x",
            "etc:a//x",
            "etc:./x",
            "etc:a/",
            "a b:x",
            "etc:a\nb",
            "etc:a\u{202e}b",
            "etc:a\\b",
            "etc:a\0",
        ] {
            assert!(text.parse::<Location>().is_err(), "{text:?}");
        }
        let error = "etc:../\u{202e}x".parse::<Location>().expect_err("refused");
        assert_eq!(
            error.to_string(),
            "`etc:../\\u{202e}x` is not the place of a file: the path has to go down from the place, step by step"
        );
    }

    #[test]
    fn an_extension_is_that_of_the_name() {
        let extension = |path: &str| Location::new("p", path).expect("a location").extension();
        assert_eq!(extension("a.b/handler.LUA"), "lua");
        assert_eq!(extension("a.b/handler"), "");
    }
}
