//! Primitives that only look: one question instead of five.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Effect, Failure, Intent, Primitive, Settled};
use crate::gateway::Gateway;

/// A primitive that changes nothing: there is nothing to observe before it, to undo or to settle.
pub trait Look: Serialize + DeserializeOwned + Clone + PartialEq {
    /// What it answers.
    type Answer: Serialize + DeserializeOwned;
    /// The name in grants, records and messages.
    const VERB: &'static str;

    /// How many targets it looks at at once.
    const AT_ONCE: usize = 8;

    /// What it looks at, in order.
    fn targets(&self) -> Vec<String>;

    /// Looks at `target`.
    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Self::Answer, Failure>;

    /// Whether what this established has lapsed; see [`Primitive::lapsed`].
    async fn lapsed(
        &self,
        world: &impl Gateway,
        answer: Self::Answer,
        worked: Duration,
    ) -> Result<Option<String>, Failure> {
        let _ = (world, answer, worked);
        Ok(None)
    }
}

impl<T: Look> Primitive for T {
    type Observed = ();
    type Outcome = T::Answer;
    const VERB: &'static str = <T as Look>::VERB;
    const EFFECT: Effect = Effect::Read;
    const AT_ONCE: usize = <T as Look>::AT_ONCE;

    fn targets(&self) -> Vec<String> {
        Look::targets(self)
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<T::Answer, Failure> {
        self.look(world, target).await
    }

    async fn lapsed(
        &self,
        world: &impl Gateway,
        answer: T::Answer,
        worked: Duration,
    ) -> Result<Option<String>, Failure> {
        Look::lapsed(self, world, answer, worked).await
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        (): &(),
    ) -> Result<Settled<T::Answer>, Failure> {
        Ok(Settled::NotDone)
    }
}
