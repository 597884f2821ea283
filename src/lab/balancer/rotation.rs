//! Which node gets the next request: smooth weighted round-robin over the nodes in rotation.
//!
//! Pure: it knows weights and states, no sockets.

use serde::{Deserialize, Serialize};

/// The heaviest weight, as in `HAProxy`.
pub const MOST_WEIGHT: u16 = 256;

/// Whether a node may get new requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It gets its share.
    Ready,
    /// It finishes what it has and gets nothing new.
    Drain,
}

/// One node, as the configuration file holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name, by which it is controlled.
    pub name: String,
    /// `host:port` of its proxy listener.
    pub address: String,
    /// Its share, 0 to [`MOST_WEIGHT`]; 0 takes it out of rotation.
    pub weight: u16,
    /// Whether it gets new requests.
    pub state: State,
}

/// The nodes with the scheduler's memory.
#[derive(Debug)]
pub(super) struct Rotation {
    nodes: Vec<(Node, i32)>,
}

impl Rotation {
    /// A rotation that starts afresh.
    #[must_use]
    pub(super) fn new(nodes: Vec<Node>) -> Self {
        Self {
            nodes: nodes.into_iter().map(|node| (node, 0)).collect(),
        }
    }

    /// The nodes in the order of the configuration.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().map(|(node, _)| node)
    }

    /// Sets weight and state of the node `name`; false if there is none.
    pub(super) fn set(&mut self, name: &str, weight: Option<u16>, state: Option<State>) -> bool {
        let Some((node, credit)) = self.nodes.iter_mut().find(|(node, _)| node.name == name) else {
            return false;
        };
        node.weight = weight.unwrap_or(node.weight);
        node.state = state.unwrap_or(node.state);
        // Credit earned under another weight would send a burst to the node.
        *credit = 0;
        true
    }

    /// The index of the node for the next request, passing over those already `tried`; `None` when nobody is in rotation.
    pub(super) fn next(&mut self, tried: &[usize]) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for index in 0..self.nodes.len() {
            let (node, credit) = &mut self.nodes[index];
            if node.weight == 0 || node.state == State::Drain || tried.contains(&index) {
                continue;
            }
            let weight = i32::from(node.weight);
            *credit += weight;
            total += weight;
            let credit = *credit;
            if best.is_none_or(|best| credit > self.nodes[best].1) {
                best = Some(index);
            }
        }
        let best = best?;
        self.nodes[best].1 -= total;
        Some(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, weight: u16) -> Node {
        Node {
            name: name.to_owned(),
            address: String::new(),
            weight,
            state: State::Ready,
        }
    }

    #[test]
    fn shares_follow_the_weights_and_are_spread() {
        let mut rotation =
            Rotation::new(vec![node("a", 5), node("b", 1), node("c", 1), node("d", 0)]);
        let order: Vec<_> = (0..7).filter_map(|_| rotation.next(&[])).collect();
        assert_eq!(order, [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn a_draining_node_gets_nothing() {
        let mut rotation = Rotation::new(vec![node("a", 10), node("b", 1)]);
        assert!(rotation.set("a", None, Some(State::Drain)));
        assert_eq!(rotation.next(&[]), Some(1));
        assert_eq!(rotation.next(&[1]), None);
        assert!(!rotation.set("x", Some(1), None));
    }
}
