//! `gap.*`: what a copy that goes live lacks of what its original counted, and carrying it.

mod carry;
mod configured;
mod settles;

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Look, Primitive, Settled};
use crate::gateway::{Counted, Gateway, Lacking, OutOfReach, Sides};

pub use carry::{Carry, Rounds, TakeBack};
pub use configured::{Configured, NoteConfiguration};
pub use settles::Settles;

/// A gap, as a playbook hands it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The two databases.
    #[serde(flatten)]
    pub sides: Sides,
    /// When it began: the moment of the copy.
    pub taken_at: jiff::Timestamp,
    /// The tables whose counters are carried.
    pub tables: Vec<String>,
    /// The Redis between which counters are carried. Journals of before Redis was carried have none.
    #[serde(default)]
    pub redis: Vec<String>,
    /// The rate limits whose counters are not carried.
    pub out_of_reach: Vec<OutOfReach>,
    /// The tables of statistics that are not carried. Journals of before they were looked for have none.
    #[serde(default)]
    pub holes: Vec<String>,
}

/// What the gap between a database and its copy is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenGap {
    /// The two databases.
    pub sides: Sides,
}

impl Look for OpenGap {
    type Answer = Gap;
    const VERB: &'static str = "gap.open";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Gap, Failure> {
        let facts = world.gap(&self.sides).await?;
        Ok(Gap {
            sides: self.sides.clone(),
            taken_at: facts.taken_at,
            tables: facts.tables,
            redis: facts.redis,
            out_of_reach: facts.out_of_reach,
            holes: facts.holes,
        })
    }
}

/// What the copy lacks now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureGap {
    /// The two databases.
    pub sides: Sides,
}

/// What a copy lacks, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// What it lacks together.
    pub increments: u64,
    /// The requests over their limits that the copy would let pass, if every client used all that it is given.
    pub over_at_most: u64,
    /// The same, if clients went on as fast as they were since the copy was made.
    pub over_expected: u64,
    /// By table and period.
    pub lacking: Vec<Lacking>,
}

impl Look for MeasureGap {
    type Answer = Measured;
    const VERB: &'static str = "gap.measure";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Measured, Failure> {
        let lacking = world.lacking(&self.sides).await?;
        Ok(Measured {
            increments: lacking.iter().map(|one| one.totals.increments).sum(),
            over_at_most: lacking.iter().map(|one| one.over_at_most).sum(),
            over_expected: lacking.iter().map(|one| one.over_expected).sum(),
            lacking,
        })
    }
}

/// What both sides counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportGap {
    /// The two databases.
    pub sides: Sides,
}

/// What came of a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// Requests over their limits that passed since the copy was made.
    pub over_admitted: u64,
    /// How many fewer they can be.
    #[serde(default)]
    pub uncertain: u64,
    /// What of the original's the copy has not yet.
    pub lacking: u64,
    /// By table and period.
    pub counted: Vec<Counted>,
}

impl Look for ReportGap {
    type Answer = Reported;
    const VERB: &'static str = "gap.report";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Reported, Failure> {
        let counted = world.counted(&self.sides).await?;
        Ok(Reported {
            over_admitted: counted.iter().map(|one| one.over_admitted).sum(),
            uncertain: counted.iter().map(|one| one.uncertain).sum(),
            lacking: counted.iter().map(|one| one.lacking).sum(),
            counted,
        })
    }
}

/// Ends carrying for good: what was kept for it goes, and the counters stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseGap {
    /// The two databases.
    pub sides: Sides,
}

impl Primitive for CloseGap {
    /// When the gap began; nothing where there is none.
    type Observed = Option<jiff::Timestamp>;
    type Outcome = ();
    const VERB: &'static str = "gap.close";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "gap";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn observe(
        &self,
        world: &impl Gateway,
        target: &str,
    ) -> Result<Option<jiff::Timestamp>, Failure> {
        world.copy_taken_at(target).await
    }

    fn undo(&self, _: &str, _: &Option<jiff::Timestamp>) -> Option<Intent> {
        Some(Intent::StayClosed(StayClosed {
            sides: self.sides.clone(),
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        _: &str,
        _: &Option<jiff::Timestamp>,
    ) -> Result<(), Failure> {
        let Sides {
            from_database,
            to_database,
        } = &self.sides;
        world.close_gap(from_database, to_database).await
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &Option<jiff::Timestamp>,
    ) -> Result<Settled<()>, Failure> {
        // What is gone already is not missed.
        Ok(Settled::Partly)
    }
}

/// The way back from that: what was kept is gone, and the end of the run says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StayClosed {
    /// The two databases.
    pub sides: Sides,
}

impl Primitive for StayClosed {
    type Observed = ();
    type Outcome = ();
    const VERB: &'static str = "gap.stay_closed";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "gap";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        None
    }

    fn leaves(&self) -> Option<String> {
        let Sides {
            from_database,
            to_database,
        } = &self.sides;
        Some(format!(
            "nothing is carried between `{from_database}` and `{to_database}` any more"
        ))
    }

    async fn perform(&self, _: &impl Gateway, _: &str, (): &()) -> Result<(), Failure> {
        Ok(())
    }

    async fn settle(&self, _: &impl Gateway, _: &str, (): &()) -> Result<Settled<()>, Failure> {
        Ok(Settled::Done(()))
    }
}
