//! `clock.now` and `clock.pause`: time as steps, so that a resumed run sees the time that it saw before.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Failure, Look};
use crate::gateway::Gateway;

/// Reads the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Now {}

impl Look for Now {
    type Answer = Timestamp;
    const VERB: &'static str = "clock.now";

    fn targets(&self) -> Vec<String> {
        vec!["clock".to_owned()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Timestamp, Failure> {
        Ok(world.now())
    }
}

/// Waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// How long, in milliseconds.
    pub milliseconds: u64,
}

impl Look for Pause {
    type Answer = ();
    const VERB: &'static str = "clock.pause";

    fn targets(&self) -> Vec<String> {
        vec!["clock".to_owned()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        world.pause(Duration::from_millis(self.milliseconds)).await;
        Ok(())
    }
}
