//! `clock.now` and `clock.pause`: time as steps, so that a resumed run sees the time that it saw before.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Primitive, Settled};
use crate::gateway::Gateway;

/// Reads the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Now {}

impl Primitive for Now {
    type Observed = ();
    type Outcome = Timestamp;
    const VERB: &'static str = "clock.now";
    const EFFECT: Effect = Effect::Read;

    fn targets(&self) -> Vec<String> {
        vec!["clock".to_owned()]
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
        _target: &str,
        (): &(),
    ) -> Result<Timestamp, Failure> {
        Ok(world.now())
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        (): &(),
    ) -> Result<Settled<Timestamp>, Failure> {
        Ok(Settled::NotDone)
    }
}

/// Waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// How long, in milliseconds.
    pub milliseconds: u64,
}

impl Primitive for Pause {
    type Observed = ();
    type Outcome = ();
    const VERB: &'static str = "clock.pause";
    const EFFECT: Effect = Effect::Read;

    fn targets(&self) -> Vec<String> {
        vec!["clock".to_owned()]
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(&self, world: &impl Gateway, _target: &str, (): &()) -> Result<(), Failure> {
        world.pause(Duration::from_millis(self.milliseconds)).await;
        Ok(())
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        (): &(),
    ) -> Result<Settled<()>, Failure> {
        Ok(Settled::NotDone)
    }
}
