//! A target of an upstream as the Admin API lists it, and what that means for a node. Pure.
//!
//! Kong knows no draining: a target of weight 0 gets nothing more. The weight that it is to have again is written beside it, as one tag of
//! ours in the same request, so that it outlives whoever set it and leaves with the draining.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::gateway::{Rotation, RotationState};

/// How our tag begins; the weight follows.
const TAG: &str = "cutover-weight-";

/// The largest weight that load balancers have in common. Kong takes more, and nothing here could set that again.
pub(super) const LARGEST: u16 = 256;

/// A target.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Target {
    pub(super) id: String,
    /// `host:port`, as Kong writes it.
    #[serde(rename = "target")]
    pub(super) address: String,
    pub(super) weight: u32,
    /// Nothing, or texts.
    #[serde(default)]
    tags: Value,
}

/// Why the targets do not say what a node gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TargetError {
    /// There is none; those that there are.
    Missing { known: Vec<String> },
    /// There is more than one.
    Twice,
}

impl Target {
    /// The one that is called `name`.
    pub(super) fn of(targets: Vec<Self>, name: &str) -> Result<Self, TargetError> {
        let (mut found, others): (Vec<_>, Vec<_>) = targets
            .into_iter()
            .partition(|target| target.address == name);
        match (found.pop(), found.is_empty()) {
            (Some(target), true) => Ok(target),
            (Some(_), false) => Err(TargetError::Twice),
            (None, _) => Err(TargetError::Missing {
                known: others.into_iter().map(|target| target.address).collect(),
            }),
        }
    }

    /// What the node gets; `None` where its weight is too large to be set again.
    ///
    /// Of a target that somebody else gave the weight 0 nobody knows what it had: it drains with the weight 0, and is given that again.
    pub(super) fn rotation(&self) -> Option<Rotation> {
        let weight = u16::try_from(self.weight)
            .ok()
            .filter(|weight| *weight <= LARGEST)?;
        Some(if weight > 0 {
            // A tag of ours beside a weight is from before somebody else set it.
            Rotation::by_weight(weight, RotationState::Ready)
        } else {
            Rotation::by_weight(self.kept().unwrap_or(0), RotationState::Drain)
        })
    }

    /// The weight that our tag keeps. Tags that do not agree keep none.
    fn kept(&self) -> Option<u16> {
        let mut kept = self.tags().filter_map(|tag| tag.strip_prefix(TAG));
        let weight = kept.next().filter(|_| kept.next().is_none())?;
        let weight = weight.parse().ok()?;
        (1..=LARGEST).contains(&weight).then_some(weight)
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// What is to be sent so that the node gets this. Tags of others stay, and where ours does not come or go none are named.
    pub(super) fn change(&self, rotation: &Rotation) -> Value {
        let kept = (rotation.state == RotationState::Drain && rotation.weight > 0)
            .then(|| format!("{TAG}{}", rotation.weight));
        let others = self.tags().filter(|tag| !tag.starts_with(TAG));
        let tags: Vec<&str> = others.chain(kept.as_deref()).collect();
        let mut change = json!({ "weight": used(rotation) });
        if !self.tags().eq(tags.iter().copied()) {
            // Without tags a target has null, and not none.
            change["tags"] = if tags.is_empty() {
                Value::Null
            } else {
                json!(tags)
            };
        }
        change
    }
}

/// The weight with which the balancer is to use a target.
pub(super) fn used(rotation: &Rotation) -> u16 {
    match rotation.state {
        RotationState::Ready => rotation.weight,
        RotationState::Drain => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(weight: u32, tags: &Value) -> Target {
        serde_json::from_value(json!({
            "id": "1", "target": "10.0.0.11:8000", "weight": weight, "tags": tags, "upstream": {"id": "2"},
        }))
        .expect("a target")
    }

    fn rotation(weight: u16, state: RotationState) -> Rotation {
        Rotation::by_weight(weight, state)
    }

    /// The target once Kong has taken the change.
    fn changed(target: &Target, change: &Value) -> Target {
        let weight = change["weight"].as_u64().expect("a number");
        let tags = change.get("tags").unwrap_or(&target.tags);
        self::target(u32::try_from(weight).expect("small"), tags)
    }

    #[test]
    fn a_weight_and_a_tag_are_read() {
        use RotationState::{Drain, Ready};
        for (weight, tags, meant) in [
            (100, json!(null), Some(rotation(100, Ready))),
            (256, json!(["a"]), Some(rotation(256, Ready))),
            (7, json!(["cutover-weight-100"]), Some(rotation(7, Ready))),
            (
                0,
                json!(["a", "cutover-weight-100"]),
                Some(rotation(100, Drain)),
            ),
            (0, json!([]), Some(rotation(0, Drain))),
            // What an empty list becomes in Lua.
            (0, json!({}), Some(rotation(0, Drain))),
            (0, json!(["cutover-weight-"]), Some(rotation(0, Drain))),
            (0, json!(["cutover-weight-0"]), Some(rotation(0, Drain))),
            (0, json!(["cutover-weight-257"]), Some(rotation(0, Drain))),
            (
                0,
                json!(["cutover-weight-1", "cutover-weight-2"]),
                Some(rotation(0, Drain)),
            ),
            (257, json!(null), None),
            (65_535, json!(null), None),
        ] {
            assert_eq!(target(weight, &tags).rotation(), meant, "{weight} {tags}");
        }
    }

    #[test]
    fn only_our_tag_comes_and_goes() {
        let change = |tags: Value, to| target(100, &tags).change(to);
        let (drained, admitted) = (
            rotation(100, RotationState::Drain),
            rotation(5, RotationState::Ready),
        );
        assert_eq!(
            change(json!(["a", "b"]), &drained),
            json!({"weight": 0, "tags": ["a", "b", "cutover-weight-100"]})
        );
        assert_eq!(change(json!(["a", "b"]), &admitted), json!({"weight": 5}));
        assert_eq!(
            change(json!(["cutover-weight-3", "a"]), &admitted),
            json!({"weight": 5, "tags": ["a"]})
        );
        assert_eq!(
            change(json!(["cutover-weight-3"]), &admitted),
            json!({"weight": 5, "tags": null})
        );
        assert_eq!(
            change(json!(null), &rotation(0, RotationState::Drain)),
            json!({"weight": 0})
        );
    }

    #[test]
    fn a_target_is_found_or_named() {
        let two = || vec![target(1, &json!(null)), target(2, &json!(null))];
        assert_eq!(Target::of(two(), "10.0.0.11:8000"), Err(TargetError::Twice));
        let known = vec!["10.0.0.11:8000".to_owned(); 2];
        assert_eq!(
            Target::of(two(), "a:1"),
            Err(TargetError::Missing { known })
        );
    }

    proptest! {
        #[test]
        fn what_was_found_is_there_again_after_anything(
            weight in 0_u32..=256, tags in prop::collection::vec("[a-z]{1,3}", 0..3), ready in any::<bool>(), other in 1_u16..=256,
        ) {
            let found = target(weight, &if tags.is_empty() { Value::Null } else { json!(tags) });
            let before = found.rotation().expect("small");
            let state = if ready { RotationState::Ready } else { RotationState::Drain };
            let between = rotation(other, state);
            let set = changed(&found, &found.change(&between));
            prop_assert_eq!(set.rotation(), Some(between));
            prop_assert_eq!(changed(&set, &set.change(&before)), found);
        }
    }
}
