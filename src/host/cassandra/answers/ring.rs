//! Which node has which token, as one node knows it of all: `nodetool ring`. After `Ring.java` of 2.2.19, 3.0.28, 3.11.14, 4.0.7 and 4.1.0.
//!
//! The widths are fixed, with nothing between a field that fills its own and the next: a rack of twelve letters runs into the status.
//! Such a line is an error here. `nodetool info` on each node is the first source; this is for comparing with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// The question for the ring.
pub const RING: [&str; 2] = ["nodetool", "ring"];

/// A token and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The datacenter.
    pub datacenter: String,
    /// The node's address.
    pub address: String,
    /// Its rack.
    pub rack: String,
    /// Whether the node is alive.
    pub is_up: bool,
    /// Whether it is neither joining nor leaving nor moving.
    pub is_normal: bool,
    /// The token.
    pub token: String,
}

/// A line that tells of no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `nodetool ring` tells of no token: `{text}`")]
pub struct RingError {
    /// The line, from 1; 0 where no token is told of at all.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`RING`].
pub fn ring(answer: &str) -> Result<Vec<Range>, RingError> {
    let mut datacenter = None;
    let mut ranges = Vec::new();
    for (text, line) in answer.lines().zip(1..) {
        let no = || RingError {
            line,
            text: text.to_owned(),
        };
        if let Some(name) = text.strip_prefix("Datacenter: ") {
            datacenter = Some(name);
        } else if !is_frame(text) {
            let datacenter = datacenter.ok_or_else(no)?;
            ranges.push(range(text, datacenter).ok_or_else(no)?);
        }
    }
    if ranges.is_empty() {
        let text = answer.trim_end().to_owned();
        return Err(RingError { line: 0, text });
    }
    Ok(ranges)
}

/// The tokens of each address.
#[must_use]
pub fn token_map(ranges: &[Range]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut map: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for range in ranges {
        map.entry(&range.address).or_default().insert(&range.token);
    }
    map
}

/// A line that is there whoever the nodes are; among them the last token again, behind blanks.
fn is_frame(text: &str) -> bool {
    text.trim().is_empty()
        || text.bytes().all(|byte| byte == b'=')
        || text.starts_with("Address ")
        || text.starts_with("  ")
        || text.starts_with("Note: ")
}

fn range(text: &str, datacenter: &str) -> Option<Range> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_state = |word: &str| ["Normal", "Joining", "Leaving", "Moving"].contains(&word);
    let is_status = |word: &str| ["Up", "Down", "?"].contains(&word);
    // A rack may have blanks in it, so its end is looked for.
    let at = (2..words.len().saturating_sub(1))
        .find(|&at| is_status(words[at]) && is_state(words[at + 1]))?;
    let (load, owns, token) = match words[at + 2..] {
        ["?", owns, token] => (true, owns, token),
        [_, unit, owns, token] => (
            ["bytes", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"].contains(&unit),
            owns,
            token,
        ),
        _ => return None,
    };
    let is_whole = load && (owns == "?" || owns.ends_with('%'));
    is_whole.then(|| Range {
        datacenter: datacenter.to_owned(),
        address: words[0].to_owned(),
        rack: words[1..at].join(" "),
        is_up: words[at] == "Up",
        is_normal: words[at + 1] == "Normal",
        token: token.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &str = include_str!("../../../../tests/fixtures/cassandra/ring-3.11.txt");

    #[test]
    fn an_answer_is_read() {
        let told: Vec<String> = ring(THREE)
            .expect("read")
            .iter()
            .map(|range| {
                let Range {
                    datacenter,
                    address,
                    rack,
                    is_up,
                    is_normal,
                    token,
                } = range;
                format!("{datacenter}|{address}|{rack}|{is_up}|{is_normal}|{token}")
            })
            .collect();
        let read = [
            "dc1|10.0.0.1|rack1|true|true|-9223372036854775808",
            "dc1|10.0.0.2|rack1|false|false|0",
            "dc1|10.0.0.1|rack1|true|true|42",
            "dc 2|10.0.1.1|r 1|true|true|7",
        ];
        assert_eq!(told, read);
    }

    #[test]
    fn tokens_are_gathered_by_node() {
        let ranges = ring(THREE).expect("read");
        let map = token_map(&ranges);
        assert_eq!(map["10.0.0.1"], ["-9223372036854775808", "42"].into());
        assert_eq!(map.len(), 3);
    }

    #[test]
    fn fields_that_run_together_are_errors() {
        let filled = THREE.replace("rack1       Up ", "availability1aUp ");
        assert_eq!(ring(&filled).expect_err("refused").line, 6);
        assert_eq!(ring("").expect_err("refused").line, 0);
        let lost = "10.0.0.1  rack1       Up     Normal  ?               ?                   42";
        assert_eq!(ring(lost).expect_err("refused").line, 1);
    }
}
