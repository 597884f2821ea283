//! The grammar of `kong.conf` and of what its values say: pairs, comments, booleans, listeners.

use std::net::SocketAddr;
use std::path::Path;

use super::ConfError;

/// One address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// Address and port.
    pub address: SocketAddr,
    /// Whether the listener speaks TLS.
    pub ssl: bool,
}

pub(super) fn read(path: &Path) -> Result<String, ConfError> {
    if !path.is_file() {
        return Err(ConfError::NoFile(path.to_owned()));
    }
    std::fs::read_to_string(path).map_err(|_| ConfError::Unreadable(path.to_owned()))
}

/// The `key = value` pairs of a file; a `#` begins a comment unless a backslash stands before it.
pub(super) fn parse(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| {
        let (key, value) = without_comment(line)
            .trim()
            .split_once('=')
            .map(|(key, value)| (key.trim().to_owned(), value.trim().replace("\\#", "#")))?;
        (!key.is_empty()).then_some((key, value))
    })
}

fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices('#')
        .find(|(at, _)| !line[..*at].ends_with('\\'));
    comment.map_or(line, |(at, _)| &line[..at])
}

pub(super) fn boolean(key: &str, value: &str) -> Result<bool, ConfError> {
    match value {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(ConfError::NotABoolean {
            key: key.to_owned(),
            value: value.to_owned(),
        }),
    }
}

pub(super) fn not_a_number(key: &str, value: &str) -> ConfError {
    ConfError::NotANumber {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

pub(super) fn listen(key: &str, value: &str) -> Result<Vec<Listen>, ConfError> {
    if value == "off" {
        return Ok(Vec::new());
    }
    value
        .split(',')
        .map(|entry| {
            let mut words = entry.split_whitespace();
            let address = words.next().and_then(|word| word.parse().ok());
            Ok(Listen {
                address: address.ok_or_else(|| ConfError::Listen {
                    key: key.to_owned(),
                })?,
                ssl: words.any(|word| word == "ssl"),
            })
        })
        .collect()
}
