//! A world that fails where it is told to: for the failure sweeps, and for trying out what a playbook does when something breaks.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;

use super::{Clock, Failure, Practice, ProcessIdentity, Processes};

/// Which call fails, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// The `n`th call that changes the world, from 1, fails before it does anything.
    FailBefore(u32),
    /// The `n`th call that changes the world, from 1, does its work and then reports failure.
    FailAfter(u32),
    /// The `n`th call and every later one fails before it does anything.
    FailFrom(u32),
}

/// A world in which one call fails.
#[derive(Debug)]
pub struct Faulty<World> {
    world: World,
    plan: Plan,
    changes: Cell<u32>,
}

impl<World> Faulty<World> {
    /// `world`, failing as `plan` says.
    pub fn new(world: World, plan: Plan) -> Self {
        Self {
            world,
            plan,
            changes: Cell::new(0),
        }
    }

    /// How many calls that change the world were made.
    pub fn changes(&self) -> u32 {
        self.changes.get()
    }

    /// Runs one call that changes the world, unless its turn has come.
    async fn change<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let number = self.changes.get() + 1;
        self.changes.set(number);
        let injected =
            || Failure::new("faulty.injected", format!("call {number} was made to fail"));
        match self.plan {
            Plan::FailBefore(chosen) if number == chosen => Err(injected()),
            Plan::FailFrom(chosen) if number >= chosen => Err(injected()),
            Plan::FailAfter(chosen) if number == chosen => {
                call.await?;
                Err(injected())
            }
            Plan::FailBefore(_) | Plan::FailAfter(_) | Plan::FailFrom(_) => call.await,
        }
    }
}

impl<World: Clock> Clock for Faulty<World> {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn pause(&self, duration: Duration) {
        self.world.pause(duration).await;
    }
}

impl<World: Processes> Processes for Faulty<World> {
    fn turn_to(&self, step: u32) {
        self.world.turn_to(step);
    }

    async fn end_process(&self, process: &ProcessIdentity) -> Result<(), Failure> {
        self.world.end_process(process).await
    }
}

impl<World: Practice> Practice for Faulty<World> {
    async fn read_practice_file(&self, name: &str) -> Result<Option<String>, Failure> {
        self.world.read_practice_file(name).await
    }

    async fn write_practice_file(&self, name: &str, text: Option<&str>) -> Result<(), Failure> {
        self.change(self.world.write_practice_file(name, text))
            .await
    }
}
