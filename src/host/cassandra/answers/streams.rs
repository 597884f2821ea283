//! Whether a node is sending or getting parts of tables: `nodetool netstats`. After `NetStats.java` of 2.2.19, 3.11.14 and 4.1.0.

use serde::Serialize;

use crate::host::cassandra::Id;

/// The question for the streams of a node.
pub const STREAMS: [&str; 2] = ["nodetool", "netstats"];

/// What a node is doing besides serving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Streams {
    /// Its mode, `NORMAL`.
    pub mode: String,
    /// What parts of tables go over the network for, `Repair`; one for each plan.
    pub plans: Vec<String>,
}

/// An answer that does not tell of streams.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer of `nodetool netstats` does not tell whether there are streams")]
pub struct StreamsError;

impl Streams {
    /// Reads the answer to [`STREAMS`].
    pub fn of(answer: &str) -> Result<Self, StreamsError> {
        let mode = answer.lines().find_map(|line| line.strip_prefix("Mode: "));
        let mode = mode.ok_or(StreamsError)?.to_owned();
        let plans: Vec<String> = answer.lines().filter_map(plan).collect();
        let says_none = answer
            .lines()
            .any(|line| line == "Not sending any streams.");
        // Either is always there; without, the answer was cut off.
        let is_whole = says_none == plans.is_empty();
        is_whole.then_some(Self { mode, plans }).ok_or(StreamsError)
    }

    /// Whether it is serving and nothing else.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.mode == "NORMAL" && self.plans.is_empty()
    }
}

/// `Bootstrap 5b2c1f70-7c3a-11ee-b962-0242ac120002`.
fn plan(line: &str) -> Option<String> {
    let (purpose, id) = line.rsplit_once(' ')?;
    let is_plan = !line.starts_with(' ') && id.len() == 36 && id.parse::<Id>().is_ok();
    is_plan.then(|| purpose.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_told() {
        let quiet = Streams::of(include_str!(
            "../../../../tests/fixtures/cassandra/netstats.txt"
        ));
        assert_eq!(quiet.map(|streams| streams.is_quiet()), Ok(true));
        let busy = Streams {
            mode: "NORMAL".to_owned(),
            plans: vec!["Bootstrap".to_owned()],
        };
        assert!(!busy.is_quiet());
        let text = include_str!("../../../../tests/fixtures/cassandra/netstats-busy.txt");
        assert_eq!(Streams::of(text), Ok(busy));
    }

    #[test]
    fn answers_that_tell_neither_are_errors() {
        for text in ["", "Mode: NORMAL\n", "Not sending any streams.\n"] {
            assert_eq!(Streams::of(text), Err(StreamsError), "{text}");
        }
        let leaving = Streams::of("Mode: LEAVING\nNot sending any streams.\n").expect("read");
        assert!(!leaving.is_quiet());
    }
}
