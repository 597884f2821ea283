//! What clients got while the run went on: written down step by step, and gone on with by every runner that takes the run up.

use super::{Fault, Gate, People};
use crate::gateway::Gateway;
use crate::journal::{Durability, Event, JournalError, RunState};
use crate::primitive::Intent;

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Goes on watching what the runner before this one watched.
    pub(super) async fn watch_again(&self) {
        for watch in self.recorder.state(RunState::watches) {
            let intent = Intent::Watch(watch);
            // A run must go on, or back, also where nobody can be watched; that nothing was seen is told.
            let _ = self.look(&intent).await;
        }
    }

    /// Writes down what was seen since it was written down last.
    pub(super) fn note_seen(&self) -> Result<(), Fault> {
        for (cluster, moment, seen) in self.world.seen() {
            let event = Event::Seen {
                cluster,
                moment,
                seen: Box::new(seen),
            };
            self.recorder
                .record(self.world.now(), event, Durability::WithNext)?;
        }
        Ok(())
    }

    /// Ends all watching, and writes down the last of it.
    pub(super) async fn see_the_last(&self) -> Result<(), JournalError> {
        self.world.stop_watching().await;
        match self.note_seen() {
            Ok(()) => Ok(()),
            Err(Fault::Journal(error)) => Err(error),
            Err(fault) => unreachable!("recording fails with the journal alone, not with: {fault}"),
        }
    }
}
