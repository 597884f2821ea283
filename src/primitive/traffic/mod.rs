//! `traffic.*`: which nodes get requests, and which routes and services pass them on.

mod canary;
mod check_listed;
mod placing;
mod put_back;
mod redirect;
mod split;
mod terminate;
mod watch;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use canary::Canary;
pub use check_listed::CheckListed;
pub use placing::Side;
pub use put_back::PutBack;
pub use redirect::Redirect;
pub use split::Split;
pub use terminate::Terminate;
pub use watch::{Observed, Unwatch, Watch, Watched};

use super::{Effect, Failure, Intent, Look, Primitive, Settled};
use crate::gateway::{Gateway, PluginPlace, Rotation, RotationState, SwitchSide};
use placing::PutsPlugin;

/// What load balancers give nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficStatus {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Look for TrafficStatus {
    type Answer = Rotation;
    const VERB: &'static str = "traffic.status";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Rotation, Failure> {
        Ok(world.rotation(target).await?.as_clients_see_it())
    }
}

/// Implements [`Primitive`] for a word that sets a node's rotation and goes back to exactly the one found.
macro_rules! sets_rotation {
    ($name:ident, $verb:literal, $effect:expr, |$primitive:ident, $found:ident| $wanted:expr) => {
        impl $name {
            /// What the node is to get, given what it gets.
            fn wanted(&self, $found: &Rotation) -> Rotation {
                let $primitive = self;
                $wanted
            }
        }

        impl Primitive for $name {
            type Observed = Rotation;
            type Outcome = Rotation;
            const VERB: &'static str = $verb;
            const EFFECT: Effect = $effect;
            const ASPECT: &'static str = "rotation";

            fn targets(&self) -> Vec<String> {
                self.nodes.clone()
            }

            async fn observe(
                &self,
                world: &impl Gateway,
                target: &str,
            ) -> Result<Rotation, Failure> {
                world.rotation(target).await
            }

            async fn require(
                &self,
                _: &impl Gateway,
                target: &str,
                observed: &Rotation,
            ) -> Result<(), Failure> {
                match &self.wanted(observed).side {
                    Some(side) if !side.is_chosen() && Self::EFFECT == Effect::AdmitsTraffic => {
                        Err(elsewhere(target, side))
                    }
                    _ => Ok(()),
                }
            }

            fn undo(&self, target: &str, observed: &Rotation) -> Option<Intent> {
                SetRotation::back_to(target, observed.clone(), &self.wanted(observed))
            }

            async fn perform(
                &self,
                world: &impl Gateway,
                target: &str,
                observed: &Rotation,
            ) -> Result<Rotation, Failure> {
                let wanted = self.wanted(observed);
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
    };
}

/// Refuses to admit a node on whose side no client is: that alone would not bring it one.
fn elsewhere(node: &str, side: &SwitchSide) -> Failure {
    let message = format!(
        "`{}` sends all clients to another side than `{}`, where `{node}` stands",
        side.balancer, side.name
    );
    Failure::new("traffic.side.elsewhere", message)
        .hint("`traffic::split` moves all of them at once")
}

/// Takes nodes out of rotation and waits until nothing is in flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    /// The nodes, in order.
    pub nodes: Vec<String>,
}

sets_rotation!(
    Drain,
    "traffic.drain",
    Effect::StopsTraffic,
    |_drain, found| Rotation {
        state: RotationState::Drain,
        ..found.clone()
    }
);

/// Puts nodes into rotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admit {
    /// The nodes, in order.
    pub nodes: Vec<String>,
    /// The weight, 1 to 256; the one found where none is given.
    pub weight: Option<u16>,
}

sets_rotation!(
    Admit,
    "traffic.admit",
    Effect::AdmitsTraffic,
    |admit, found| Rotation {
        state: RotationState::Ready,
        weight: admit.weight.unwrap_or(found.weight),
        side: found.side.clone()
    }
);

/// Sets exactly this: the undo of the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRotation {
    /// The nodes, in order.
    pub nodes: Vec<String>,
    /// What they get.
    pub rotation: Rotation,
}

impl SetRotation {
    /// The undo of what gives a node `wanted` instead of what was `found`, where these differ.
    fn back_to(node: &str, found: Rotation, wanted: &Rotation) -> Option<Intent> {
        (*wanted != found).then(|| {
            Intent::SetRotation(Self {
                nodes: vec![node.to_owned()],
                rotation: found,
            })
        })
    }
}

impl Primitive for SetRotation {
    type Observed = ();
    type Outcome = Rotation;
    const VERB: &'static str = "traffic.set";
    const EFFECT: Effect = Effect::StopsTraffic;
    const ASPECT: &'static str = "rotation";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    /// What is there now does not matter, and need not be of one kind: load balancers that stand side by side may have been set in part.
    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Rotation, Failure> {
        world.set_rotation(target, &self.rotation).await?;
        Ok(self.rotation.clone())
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        (): &(),
    ) -> Result<Settled<Rotation>, Failure> {
        // Setting it again changes nothing.
        Ok(Settled::Partly)
    }
}

impl Intent {
    /// Whether a node gets requests after this act, where it is one that says so.
    #[must_use]
    pub fn lets_have_requests(&self, node: &str) -> Option<bool> {
        let (nodes, serves) = match self {
            Self::Drain(act) => (&act.nodes, false),
            Self::Admit(act) => (&act.nodes, true),
            Self::SetRotation(act) => (&act.nodes, act.rotation.is_admitted()),
            Self::Split(act) => return act.serves(node),
            _ => return None,
        };
        nodes.iter().any(|other| other == node).then_some(serves)
    }
}

impl Intent {
    /// The plugins that this puts on routes or services, each with its place; of an undo what was found, or none.
    #[must_use]
    pub fn puts_plugins(&self) -> Vec<(PluginPlace, Option<Map<String, Value>>)> {
        fn each(
            act: &(impl PutsPlugin + Primitive),
        ) -> Vec<(PluginPlace, Option<Map<String, Value>>)> {
            let targets = act.targets().into_iter();
            targets
                .map(|target| (act.place(&target), Some(act.config())))
                .collect()
        }
        match self {
            Self::Terminate(act) => each(act),
            Self::Redirect(act) => each(act),
            Self::Canary(act) => each(act),
            Self::PutBack(act) => {
                let found = act.found.as_ref().map(|found| found.config.clone());
                vec![(act.place.clone(), found)]
            }
            _ => Vec::new(),
        }
    }
}
