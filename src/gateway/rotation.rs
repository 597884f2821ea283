//! What load balancers give nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Failure;

/// Load balancers, by the nodes behind them.
pub trait Traffic {
    /// What a node's load balancer gives it.
    async fn rotation(&self, node: &str) -> Result<Rotation, Failure>;
    /// Sets what a node's load balancer gives it. One that is to get nothing is waited for until nothing is in flight.
    ///
    /// Where a load balancer has sides, all its clients are sent to the one that `rotation` says is chosen.
    async fn set_rotation(&self, node: &str, rotation: &Rotation) -> Result<(), Failure>;
}

/// What a load balancer gives a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rotation {
    /// Its weight, 0 to 256.
    pub weight: u16,
    /// Whether it gets new requests, among those of its side.
    pub state: RotationState,
    /// Where the load balancer sends all clients to one side, the node's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<SwitchSide>,
}

impl Rotation {
    /// Of a load balancer that goes by weights.
    #[must_use]
    pub fn by_weight(weight: u16, state: RotationState) -> Self {
        Self {
            weight,
            state,
            side: None,
        }
    }

    /// Whether the node is among those that get new requests, if it has a weight.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        self.state == RotationState::Ready && self.side.as_ref().is_none_or(SwitchSide::is_chosen)
    }

    /// Whether the node gets new requests.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.is_admitted() && self.weight > 0
    }

    /// What clients see of it: a node of a side that is not chosen gets nothing, as one that drains.
    #[must_use]
    pub fn as_clients_see_it(mut self) -> Self {
        if !self.is_admitted() {
            self.state = RotationState::Drain;
        }
        self
    }
}

/// Whether a node gets new requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RotationState {
    /// It does, by its weight.
    Ready,
    /// It does not; those in flight are finished.
    Drain,
}

/// One of the sides of a load balancer that sends all clients to one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SwitchSide {
    /// The load balancer's name in the environment.
    pub balancer: String,
    /// What it calls the side: the backend that stands in HAProxy's map.
    pub name: String,
    /// What it calls the side to which clients are sent.
    pub chosen: String,
}

impl SwitchSide {
    /// Whether clients are sent to this side.
    #[must_use]
    pub fn is_chosen(&self) -> bool {
        self.name == self.chosen
    }

    /// Whether this is another side of the same load balancer.
    #[must_use]
    pub fn is_opposite(&self, other: &Self) -> bool {
        self.balancer == other.balancer && self.name != other.name
    }
}
