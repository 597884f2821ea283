//! The fence before each act: a runner that has lost the environment, such as on a machine that slept, does nothing more.

use super::{Fault, Gate, People};
use crate::gateway::{Gateway, Holding};
use crate::journal::Direction;

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Puts the run down unless the environment is still this runner's.
    pub(super) async fn hold(&self) -> Result<(), Fault> {
        match self.world.holding().await {
            Holding::Ours => Ok(()),
            // Going back does not wait for a database that is down: there may be much to undo without it.
            Holding::Unseen(_)
                if self.recorder.state(|state| state.direction) == Direction::Unwinding =>
            {
                Ok(())
            }
            Holding::Lost(why) | Holding::Unseen(why) => Err(Fault::Paused { reason: why }),
        }
    }
}
