//! A world that is not there: every verb with its conditions, its effects and its real failures, over a model in memory.
//!
//! The same gate runs against it as against the real world, so a dry run skips nothing and guesses no result. Time passes as it is
//! predicted to. What a verb refuses here it refuses in the words of the real one; a test compares the two.

mod adapting;
mod cassandra;
mod commands;
mod configuration;
mod content;
mod databases;
mod declarative;
mod durations;
mod facts;
mod gap;
mod happening;
mod kong;
mod observed;
mod packages;
mod plugins;
mod preflight;
mod probing;
mod review;
mod scratch;
mod state;
mod traffic;
mod web;
mod world;

pub use content::Copy;
pub use durations::{Basis, Durations, Pace, Spent, Work};
pub use happening::{Happened, Happening};
pub use observed::{ObserveError, observe, observe_hosts};
pub use state::Simulated;
pub use world::{Database, Declared, Node, World, WorldError};

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{Clock, Failure, Hold, Holding, Practice, ProcessIdentity, Processes, Turn};

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        self.look(|state| state.now)
    }

    fn elapsed(&self) -> Duration {
        self.now()
            .duration_since(Timestamp::UNIX_EPOCH)
            .unsigned_abs()
    }

    async fn pause(&self, duration: Duration) {
        self.pass(duration);
    }
}

impl Hold for Simulated {
    async fn holding(&self) -> Holding {
        // Nobody else can reach a world in memory.
        Holding::Ours
    }
}

impl Processes for Simulated {
    fn turn_to(&self, turn: Turn<'_>) {
        self.change(|state| state.step = turn.step);
    }

    async fn end_process(&self, _: &ProcessIdentity, _: Duration) -> Result<(), Failure> {
        // Nothing is started here, so nothing outlives its runner.
        Ok(())
    }

    async fn clear(&self, _: &BTreeSet<String>) {}
}

impl Practice for Simulated {
    async fn read_practice_file(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.look(|state| state.world.practice_files.get(name).cloned()))
    }

    async fn write_practice_file(&self, name: &str, text: Option<&str>) -> Result<(), Failure> {
        self.change(|state| match text {
            Some(text) => {
                state
                    .world
                    .practice_files
                    .insert(name.to_owned(), text.to_owned());
            }
            None => {
                state.world.practice_files.remove(name);
            }
        });
        Ok(())
    }
}
