//! `gap.carry` and its undo.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::milliseconds_since;
use super::{Effect, Failure, Intent, Primitive, Settled, Sides};
use crate::gateway::{CopyFound, Gateway, TableTotals, Totals};

/// Carries what one side counted to the other, once or again and again for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carry {
    /// The two databases.
    pub sides: Sides,
    /// Whether what the copy counted is carried to the original too.
    pub both: bool,
    /// The time from the beginning of one round to that of the next, in milliseconds.
    pub interval: u64,
    /// How long rounds are made, in milliseconds; 0 for one round.
    pub within: u64,
}

/// How much of the counters came from the other side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// In the copy.
    pub into_copy: Totals,
    /// In the original.
    pub into_original: Totals,
}

/// What was carried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rounds {
    /// How many rounds.
    pub rounds: u64,
    /// What they added to the copy.
    pub to_copy: u64,
    /// What they added to the original.
    pub to_original: u64,
    /// Tokens, codes, sessions and certificates that one side had given its clients and the other had not.
    pub given: u64,
    /// Those that one side had taken from them.
    pub taken: u64,
    /// How long the longest took, in milliseconds: what is counted meanwhile waits for the next.
    pub longest: u64,
}

impl Primitive for Carry {
    type Observed = Carried;
    type Outcome = Rounds;
    const VERB: &'static str = "gap.carry";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "carried counters";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<Carried, Failure> {
        // Looking again after the way back, the copy is gone.
        let into_copy = match world.copy_found(target).await? {
            CopyFound::Absent => Totals::default(),
            CopyFound::Ours | CopyFound::Foreign => world.carried_into(target).await?,
        };
        Ok(Carried {
            into_copy,
            into_original: world.carried_into(&self.sides.from_database).await?,
        })
    }

    fn undo(&self, _: &str, _: &Carried) -> Option<Intent> {
        Some(Intent::TakeBack(TakeBack {
            sides: self.sides.clone(),
        }))
    }

    async fn perform(&self, world: &impl Gateway, _: &str, _: &Carried) -> Result<Rounds, Failure> {
        let begun = world.elapsed();
        let ends = begun + Duration::from_millis(self.within);
        let mut rounds = Rounds::default();
        loop {
            let round = world.elapsed();
            self.round(world, &mut rounds).await?;
            rounds.longest = rounds.longest.max(milliseconds_since(round, world));
            let next = (round + Duration::from_millis(self.interval)).max(world.elapsed());
            if next >= ends {
                // The time that was asked for passes whole, so that this can stand where a pause would.
                world.pause(ends.saturating_sub(world.elapsed())).await;
                return Ok(rounds);
            }
            world.pause(next.saturating_sub(world.elapsed())).await;
        }
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &Carried,
    ) -> Result<Settled<Rounds>, Failure> {
        // A round that is made again adds nothing.
        Ok(Settled::Partly)
    }
}

impl Carry {
    async fn round(&self, world: &impl Gateway, rounds: &mut Rounds) -> Result<(), Failure> {
        let Sides {
            from_database,
            to_database,
        } = &self.sides;
        rounds.rounds += 1;
        // What was taken from clients must not be theirs on the other side, so this comes first.
        let given = world
            .catch_up(from_database, to_database, self.both)
            .await?;
        rounds.given += given.given;
        rounds.taken += given.taken;
        rounds.to_copy += increments(&world.carry(to_database, &self.sides).await?);
        if self.both {
            rounds.to_original += increments(&world.carry(from_database, &self.sides).await?);
        }
        Ok(())
    }
}

fn increments(added: &[TableTotals]) -> u64 {
    added.iter().map(|table| table.totals.increments).sum()
}

/// Takes away from the counters of both sides what came from the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    /// The two databases.
    pub sides: Sides,
}

impl Primitive for TakeBack {
    type Observed = ();
    type Outcome = ();
    const VERB: &'static str = "gap.take_back";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(&self, world: &impl Gateway, _: &str, (): &()) -> Result<(), Failure> {
        let Sides {
            from_database,
            to_database,
        } = &self.sides;
        world.take_back(from_database, to_database).await
    }

    async fn settle(&self, _: &impl Gateway, _: &str, (): &()) -> Result<Settled<()>, Failure> {
        // What was taken back is not booked any more, so doing it again changes nothing.
        Ok(Settled::Partly)
    }
}
