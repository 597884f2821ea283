//! Who is in the cluster, and how each node stands: `nodetool status`. After `Status.java` of 2.2.19, 3.0.28, 3.11.14, 4.0.7 and 4.1.0.
//!
//! Up to 3.11 the columns have fixed widths, from 4.0 on a width by their content; where every node has one token, a column with that
//! stands in place of their number. In none may a field have a blank in it but the load and the rack, which is last.

use serde::Serialize;

use crate::host::cassandra::{Id, Name, Size};

/// The question for the nodes. With a keyspace, since otherwise their shares are not told where keyspaces are replicated in different ways.
#[must_use]
pub fn status(keyspace: &Name) -> [String; 3] {
    ["nodetool", "status", keyspace.as_str()].map(str::to_owned)
}

/// Whether gossip holds a node for alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// `U`.
    Up,
    /// `D`.
    Down,
    /// `?`: neither list has it.
    Unknown,
}

/// What a node is doing with its place in the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// `N`: nothing.
    Normal,
    /// `L`.
    Leaving,
    /// `J`.
    Joining,
    /// `M`.
    Moving,
}

/// How a node stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeStatus {
    /// Its datacenter.
    pub datacenter: String,
    /// Its address, as the other nodes know it.
    pub address: String,
    /// Whether it is alive.
    pub liveness: Liveness,
    /// What it is doing.
    pub movement: Movement,
    /// How much it holds; nothing where it has not said.
    pub load: Option<Size>,
    /// How many tokens it has.
    pub tokens: u32,
    /// Its share, `33.3%`; nothing where it is not told.
    pub owns: Option<String>,
    /// Its id; a node without one has never joined.
    pub host: Option<Id>,
    /// Its rack.
    pub rack: String,
}

/// An answer that does not tell of nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `nodetool status` tells of no node: `{text}`")]
pub struct StatusError {
    /// The line, from 1; 0 where no node is told of at all.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl NodeStatus {
    /// Whether it is `UN`.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.liveness == Liveness::Up && self.movement == Movement::Normal
    }
}

/// Reads the answer to [`status`].
pub fn nodes(answer: &str) -> Result<Vec<NodeStatus>, StatusError> {
    let mut datacenter = None;
    let mut has_count = None;
    let mut nodes = Vec::new();
    for (text, line) in answer.lines().zip(1..) {
        let no = || StatusError {
            line,
            text: text.to_owned(),
        };
        if let Some(name) = text.strip_prefix("Datacenter: ") {
            (datacenter, has_count) = (Some(name), None);
        } else if text.starts_with("--  ") {
            has_count = Some(text.split_whitespace().any(|word| word == "Tokens"));
        } else if !is_frame(text) {
            let (datacenter, has_count) = datacenter.zip(has_count).ok_or_else(no)?;
            nodes.push(node(text, datacenter, has_count).ok_or_else(no)?);
        }
    }
    if nodes.is_empty() {
        let text = answer.trim_end().to_owned();
        return Err(StatusError { line: 0, text });
    }
    Ok(nodes)
}

/// A line that is there whoever the nodes are.
fn is_frame(text: &str) -> bool {
    text.is_empty()
        || text.bytes().all(|byte| byte == b'=')
        || text == "Status=Up/Down"
        || text == "|/ State=Normal/Leaving/Joining/Moving"
        || text.starts_with("Note: ")
}

fn node(text: &str, datacenter: &str, has_count: bool) -> Option<NodeStatus> {
    let mut words = text.split_whitespace();
    let (mut flags, address) = (words.next()?.chars(), words.next()?);
    let liveness = match flags.next()? {
        'U' => Liveness::Up,
        'D' => Liveness::Down,
        '?' => Liveness::Unknown,
        _ => return None,
    };
    let movement = match flags.next()? {
        'N' => Movement::Normal,
        'L' => Movement::Leaving,
        'J' => Movement::Joining,
        'M' => Movement::Moving,
        _ => return None,
    };
    let load = match words.next()? {
        "?" => None,
        number => Some(Size::of(&format!("{number} {}", words.next()?))?),
    };
    let tokens = if has_count {
        words.next()?.parse().ok()?
    } else {
        1
    };
    let owns = words.next()?;
    if owns != "?" && !owns.ends_with('%') {
        return None;
    }
    // Without an id, up to 3.11 there stands `null`, and from 4.0 on nothing.
    let mut words = words.peekable();
    let host = words.peek()?.parse().ok();
    if host.is_some() || words.peek() == Some(&"null") {
        words.next();
    }
    if !has_count {
        words.next()?;
    }
    let rack = words.collect::<Vec<_>>().join(" ");
    let is_whole = flags.next().is_none() && !rack.is_empty();
    is_whole.then(|| NodeStatus {
        datacenter: datacenter.to_owned(),
        address: address.to_owned(),
        liveness,
        movement,
        load,
        tokens,
        owns: (owns != "?").then(|| owns.to_owned()),
        host,
        rack,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_CENTERS: &str = include_str!("../../../../tests/fixtures/cassandra/status-3.11.txt");
    const FOUR: &str = include_str!("../../../../tests/fixtures/cassandra/status-4.1.txt");
    const ONE_TOKEN: &str = include_str!("../../../../tests/fixtures/cassandra/status-token.txt");

    fn node(datacenter: &str, address: &str, digit: u128, rack: &str) -> NodeStatus {
        NodeStatus {
            datacenter: datacenter.to_owned(),
            address: address.to_owned(),
            liveness: Liveness::Up,
            movement: Movement::Normal,
            load: Size::of("101.51 KiB"),
            tokens: 256,
            owns: Some("66.8%".to_owned()),
            host: Some(Id::new(digit)),
            rack: rack.to_owned(),
        }
    }

    #[test]
    fn fixed_widths_are_read() {
        let mut read = vec![
            node("dc1", "10.0.0.1", 1, "rack1"),
            node("dc1", "10.0.0.2", 2, "rack1"),
            node("dc 2", "10.0.1.1", 3, "r 1"),
        ];
        read[1].liveness = Liveness::Down;
        read[2].movement = Movement::Joining;
        read[2].load = None;
        read[2].owns = None;
        read[2].host = None;
        assert_eq!(nodes(TWO_CENTERS), Ok(read.clone()));
        let ready: Vec<bool> = read.iter().map(NodeStatus::is_ready).collect();
        assert_eq!(ready, [true, false, false]);
    }

    #[test]
    fn widths_by_content_are_read() {
        let mut read = vec![
            node("datacenter1", "127.0.0.1", 1, "rack1"),
            node("datacenter1", "127.0.0.2", 2, "rack1"),
        ];
        read[0].tokens = 16;
        read[1].tokens = 16;
        read[1].movement = Movement::Moving;
        assert_eq!(nodes(FOUR), Ok(read));
    }

    #[test]
    fn a_token_for_each_node_is_read() {
        let read = nodes(ONE_TOKEN).expect("read");
        let told: Vec<_> = read
            .iter()
            .map(|node| (node.tokens, node.rack.as_str()))
            .collect();
        assert_eq!(told, [(1, "rack1"), (1, "rack2")]);
    }

    #[test]
    fn other_answers_are_errors() {
        let header =
            "Datacenter: a\n=============\n--  Address  Load  Tokens  Owns  Host ID  Rack\n";
        for (text, line) in [
            ("", 0),
            ("\nError: The keyspace nope, does not exist\n", 2),
            (
                "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.",
                1,
            ),
            ("UN  10.0.0.1  1 KiB  256  ?  null  rack1", 1),
            (&format!("{header}UN  10.0.0.1  1 KiB  256  ?  null"), 4),
            (
                &format!("{header}UNN  10.0.0.1  1 KiB  256  ?  null  rack1"),
                4,
            ),
            (
                &format!("{header}UN  10.0.0.1  1,5 KiB  256  ?  null  rack1"),
                4,
            ),
        ] {
            assert_eq!(nodes(text).expect_err("refused").line, line, "{text}");
        }
    }
}
