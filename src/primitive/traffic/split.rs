//! `traffic.split`: how much of the traffic one side gets, and the other the rest.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::SetRotation;
use crate::gateway::{Gateway, Rotation, RotationState, SwitchSide};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// The largest weight that load balancers have in common.
const LARGEST: u64 = 256;

/// How far what weights can give may be from what was asked for, in hundredths of a percent.
const TOLERANCE: u64 = 100;

/// Gives the nodes of one side a share of the requests, and those of the other the rest.
///
/// A side that gets nothing is drained, with the weight that it has, after the other has been given everything, and waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The nodes that get `percent` of the requests together.
    pub to_nodes: Vec<String>,
    /// The nodes that get the rest.
    pub from_nodes: Vec<String>,
    /// 0 to 100.
    pub percent: u8,
}

impl Split {
    /// What a node is to get, given what it gets. `None` if weights cannot come near enough.
    fn wanted(&self, node: &str, found: &Rotation) -> Option<Rotation> {
        if let Some(side) = &found.side {
            return Some(self.wanted_of_side(node, found, side));
        }
        let (to, from) = self.weights()?;
        let weight = if self.gains(node) { to } else { from };
        Some(if weight == 0 {
            Rotation::by_weight(found.weight, RotationState::Drain)
        } else {
            Rotation::by_weight(weight, RotationState::Ready)
        })
    }

    /// The same where the load balancer sends all clients to one side: nodes of the one that is to have them are made ready, and the last of
    /// these brings it the clients; nodes of the other stay as they are.
    fn wanted_of_side(&self, node: &str, found: &Rotation, side: &SwitchSide) -> Rotation {
        let [serving, _] = self.sides();
        let mut wanted = found.clone();
        if serving.iter().any(|serving| serving == node) {
            wanted.state = RotationState::Ready;
        }
        if serving.last().is_some_and(|last| last == node) {
            let chosen = side.name.clone();
            wanted.side = Some(SwitchSide {
                chosen,
                ..side.clone()
            });
        }
        wanted
    }

    /// The side that is to have clients, or most of them, and the other.
    fn sides(&self) -> [&[String]; 2] {
        if self.percent == 0 {
            [&self.from_nodes, &self.to_nodes]
        } else {
            [&self.to_nodes, &self.from_nodes]
        }
    }

    /// The weights of a node that gets `percent` with its side, and of one of the others; 0 means that it is drained. `None` if weights
    /// cannot come near enough.
    #[must_use]
    pub fn weights(&self) -> Option<(u16, u16)> {
        weights(self.percent, self.to_nodes.len(), self.from_nodes.len())
    }

    /// Whether a node is of the side that gets `percent`.
    fn gains(&self, node: &str) -> bool {
        self.to_nodes.iter().any(|gaining| gaining == node)
    }

    /// Whether a node gets requests; `None` if it is not among them.
    #[must_use]
    pub fn serves(&self, node: &str) -> Option<bool> {
        if self.gains(node) {
            Some(self.percent > 0)
        } else {
            let loses = self.from_nodes.iter().any(|losing| losing == node);
            loses.then_some(self.percent < 100)
        }
    }
}

impl Primitive for Split {
    type Observed = Rotation;
    type Outcome = Rotation;
    const VERB: &'static str = "traffic.split";
    const EFFECT: Effect = Effect::AdmitsTraffic;
    const ASPECT: &'static str = "rotation";

    fn targets(&self) -> Vec<String> {
        self.sides().into_iter().flatten().cloned().collect()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<Rotation, Failure> {
        world.rotation(target).await
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Rotation,
    ) -> Result<(), Failure> {
        if let Some(side) = &observed.side {
            return self.require_opposite(world, target, side).await;
        }
        if self.wanted(target, observed).is_some() {
            return Ok(());
        }
        let (to, from) = (self.to_nodes.len(), self.from_nodes.len());
        let message = format!(
            "{} % cannot be given to {to} nodes beside {from}: weights are whole numbers up to {LARGEST}",
            self.percent
        );
        Err(Failure::new("traffic.split.coarse", message)
            .hint("ask for a larger share, or give it to fewer nodes")
            .details(json!({ "to": to, "from": from })))
    }

    fn undo(&self, target: &str, observed: &Rotation) -> Option<Intent> {
        SetRotation::back_to(target, observed.clone(), &self.wanted(target, observed)?)
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Rotation,
    ) -> Result<Rotation, Failure> {
        let wanted = self.wanted(target, observed);
        let mut wanted = wanted.unwrap_or_else(|| observed.clone());
        if self.serves(target) == Some(false) && wanted.side.is_some() {
            // The last one of the other side has brought that one the clients by now.
            wanted.side = world.rotation(target).await?.side;
        }
        world.set_rotation(target, &wanted).await?;
        Ok(wanted)
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &Rotation,
    ) -> Result<Settled<Rotation>, Failure> {
        // Setting it again changes nothing, and waits for what is still in flight.
        Ok(Settled::Partly)
    }
}

impl Split {
    /// Refuses what a load balancer that sends all clients to one side cannot do.
    async fn require_opposite(
        &self,
        world: &impl Gateway,
        target: &str,
        side: &SwitchSide,
    ) -> Result<(), Failure> {
        if !matches!(self.percent, 0 | 100) {
            let message = format!(
                "`{}` sends all clients to one side, and cannot give {} % of them to another",
                side.balancer, self.percent
            );
            return Err(Failure::new("traffic.side.partial", message)
                .hint("ask for 100 at once, or describe it without `map` and go by weights"));
        }
        let [serving, other] = self.sides();
        // Once is enough, and from any of them every other is seen.
        if serving.first().is_none_or(|first| first != target) {
            return Ok(());
        }
        for node in serving.iter().chain(other) {
            let found = world.rotation(node).await?.side;
            let serves = serving.contains(node);
            let fits = found.as_ref().is_some_and(|found| {
                if serves {
                    found == side
                } else {
                    found.is_opposite(side)
                }
            });
            if !fits {
                let message = format!(
                    "`{target}` and `{node}` do not stand on {} of one load balancer",
                    if serves { "the same side" } else { "two sides" }
                );
                return Err(Failure::new("traffic.side.mixed", message)
                    .hint("a switch moves clients from all nodes of one cluster to all of another, as `backends` names them"));
            }
        }
        Ok(())
    }
}

/// The weights of a node of either side, with which `to` nodes get `percent` of the requests beside `from` others. 0 means none.
fn weights(percent: u8, to: usize, from: usize) -> Option<(u16, u16)> {
    let (percent, to, from) = (u64::from(percent), to as u64, from as u64);
    // Shares of a node, exact; then as far as they must be made smaller.
    let (one, other) = (percent * from, (100 - percent) * to);
    let divisor = greatest_common_divisor(one, other).max(1);
    let (one, other) = (one / divisor, other / divisor);
    let largest = one.max(other).max(LARGEST);
    let scaled = |share: u64| (share * LARGEST + largest / 2) / largest;
    // What is small already keeps its size: rounding is for what is too large.
    let (one, other) = if largest == LARGEST {
        (one, other)
    } else {
        (scaled(one).max(one.min(1)), scaled(other).max(other.min(1)))
    };
    let all = one * to + other * from;
    let given = (10_000 * one * to).checked_div(all)?;
    let weight = |share: u64| u16::try_from(share).ok();
    if given.abs_diff(100 * percent) > TOLERANCE {
        return None;
    }
    Some((weight(one)?, weight(other)?))
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 {
        one
    } else {
        greatest_common_divisor(other, one % other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_sides_are_split_exactly() {
        assert_eq!(weights(50, 1, 1), Some((1, 1)));
        assert_eq!(weights(1, 1, 1), Some((1, 99)));
        assert_eq!(weights(10, 2, 2), Some((1, 9)));
        assert_eq!(weights(10, 2, 3), Some((1, 6)));
        assert_eq!(weights(100, 2, 3), Some((1, 0)));
        assert_eq!(weights(0, 2, 3), Some((0, 1)));
    }

    #[test]
    fn what_weights_cannot_give_is_refused() {
        // The smallest weight of ten nodes is more than a hundredth beside one.
        assert_eq!(weights(1, 10, 1), None);
        assert_eq!(weights(10, 0, 1), None);
    }

    proptest! {
        #[test]
        fn what_is_given_is_what_was_asked_for(percent in 0_u8..=100, to in 1_u32..40, from in 1_u32..40) {
            if let Some((one, other)) = weights(percent, to as usize, from as usize) {
                prop_assert!(one <= 256 && other <= 256);
                let (one, other) = (f64::from(one) * f64::from(to), f64::from(other) * f64::from(from));
                let given = 100.0 * one / (one + other);
                prop_assert!((given - f64::from(percent)).abs() <= 1.01, "{given}");
                prop_assert_eq!(one == 0.0, percent == 0);
                prop_assert_eq!(other == 0.0, percent == 100);
            } else {
                // Never where it matters: two sides of a like size.
                prop_assert!(to.max(from) > 2 * to.min(from), "{to} beside {from}");
            }
        }
    }
}
