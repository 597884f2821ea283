//! `database.clone_to`: the database of the other side, made of one moment of this one.

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Look, Primitive, Settled};
use crate::gateway::{ContentDigest, CopyFacts, CopyFound, Gateway, Sides};

/// Copies a database to where another of the environment is to be, and keeps what its counters were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloneTo {
    /// The two databases.
    pub sides: Sides,
}

/// A copy that goes live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneMade {
    /// The two databases.
    #[serde(flatten)]
    pub sides: Sides,
    /// What it is.
    #[serde(flatten)]
    pub facts: CopyFacts,
    /// How long it took.
    pub milliseconds: u64,
}

/// The moment of the original up to which a copy has all of its configuration, as `database.clone_to` and `kong.catch_up` answer it
/// among other things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedMoment {
    /// The two databases.
    #[serde(flatten)]
    pub sides: Sides,
    /// What the original held then.
    pub content: ContentDigest,
}

impl Primitive for CloneTo {
    type Observed = CopyFound;
    type Outcome = CloneMade;
    const VERB: &'static str = "database.clone_to";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "copy";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<CopyFound, Failure> {
        world.copy_found(target).await
    }

    async fn require(
        &self,
        _: &impl Gateway,
        target: &str,
        found: &CopyFound,
    ) -> Result<(), Failure> {
        if *found != CopyFound::Foreign {
            return Ok(());
        }
        let message = format!("the database of `{target}` is there, and this run did not make it");
        Err(Failure::new("database.clone.exists", message).hint(
            "give the copy another name in `[databases]` of the environment file, or have it dropped by whoever knows what is in it",
        ))
    }

    fn undo(&self, target: &str, _: &CopyFound) -> Option<Intent> {
        Some(Intent::DropClone(DropClone {
            database: target.to_owned(),
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &CopyFound,
    ) -> Result<CloneMade, Failure> {
        let begun = world.elapsed();
        let facts = world.make_copy(target, &self.sides.from_database).await?;
        Ok(CloneMade {
            sides: self.sides.clone(),
            facts,
            milliseconds: super::milliseconds_since(begun, world),
        })
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &CopyFound,
    ) -> Result<Settled<CloneMade>, Failure> {
        // A copy that was not seen to be whole is dropped and made again.
        Ok(Settled::Partly)
    }
}

/// Refuses where a database holds another configuration than when it was copied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unchanged {
    /// The database that was copied.
    pub database: String,
    /// What it held then.
    pub baseline: ContentDigest,
}

impl Look for Unchanged {
    type Answer = ();
    const VERB: &'static str = "database.unchanged";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<(), Failure> {
        let now = world.content_digest(target).await?;
        if now == self.baseline {
            return Ok(());
        }
        let message = format!("the configuration of `{target}` was changed since it was copied");
        Err(Failure::new("database.changed", message).hint(
            "what was written is not in the copy: `kong::catch_up` brings it before clients come; `freeze=admin_off` or `deny` keeps writers away",
        ))
    }
}

/// Drops a copy that this run made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropClone {
    /// The copy.
    pub database: String,
}

impl Primitive for DropClone {
    type Observed = CopyFound;
    type Outcome = ();
    const VERB: &'static str = "database.drop_clone";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "copy";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<CopyFound, Failure> {
        world.copy_found(target).await
    }

    async fn require(
        &self,
        _: &impl Gateway,
        target: &str,
        found: &CopyFound,
    ) -> Result<(), Failure> {
        if *found != CopyFound::Foreign {
            return Ok(());
        }
        let message = format!("this run did not make the database of `{target}`");
        Err(Failure::new("database.drop_clone.foreign", message).hint(
            "a run drops what it made; anything else is dropped by whoever knows what is in it",
        ))
    }

    fn undo(&self, _: &str, _: &CopyFound) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        found: &CopyFound,
    ) -> Result<(), Failure> {
        match found {
            CopyFound::Absent => Ok(()),
            CopyFound::Ours | CopyFound::Foreign => world.drop_made_copy(target).await,
        }
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &CopyFound,
    ) -> Result<Settled<()>, Failure> {
        Ok(match world.copy_found(target).await? {
            CopyFound::Absent => Settled::Done(()),
            CopyFound::Ours | CopyFound::Foreign => Settled::NotDone,
        })
    }
}
