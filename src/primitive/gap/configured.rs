//! `gap.note_configuration` and `gap.configured`: what people configure on a copy that serves.

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Look, Primitive, Settled, Sides};
use crate::gateway::{Gateway, TableWrites};

/// Notes what configuration the copy holds, so that what is written there later can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteConfiguration {
    /// The two databases.
    pub sides: Sides,
}

impl Primitive for NoteConfiguration {
    type Observed = ();
    type Outcome = ();
    const VERB: &'static str = "gap.note_configuration";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn observe(&self, _: &impl Gateway, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _: &str, (): &()) -> Option<Intent> {
        // It goes with the copy, or with the gap.
        None
    }

    async fn perform(&self, world: &impl Gateway, target: &str, (): &()) -> Result<(), Failure> {
        world.gap(&self.sides).await?;
        world.note_configuration(target).await
    }

    async fn settle(&self, _: &impl Gateway, _: &str, (): &()) -> Result<Settled<()>, Failure> {
        // Noting it again replaces what was noted.
        Ok(Settled::Partly)
    }
}

/// What was configured on the copy since that was noted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configured {
    /// The two databases.
    pub sides: Sides,
}

/// What people wrote on the copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Whether it was noted what the copy held. Where it was not, what was written cannot be told.
    pub known: bool,
    /// The tables that differ.
    pub tables: Vec<TableWrites>,
}

impl Look for Configured {
    type Answer = Configuration;
    const VERB: &'static str = "gap.configured";

    fn targets(&self) -> Vec<String> {
        vec![self.sides.to_database.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Configuration, Failure> {
        world.gap(&self.sides).await?;
        let tables = world.configured(target).await?;
        Ok(Configuration {
            known: tables.is_some(),
            tables: tables.unwrap_or_default(),
        })
    }
}
