//! `database.clone`: a copy for a rehearsal, where the environment lets rehearsals run.

use serde::{Deserialize, Serialize};

use super::{DropCopy, Effect, Failure, History, Intent, Primitive, Settled};
use crate::gateway::{BackupFacts, Gateway, ScratchCopy};

/// How much room must be free for each byte of the database, where a full disk would be an outage.
const HEADROOM: u64 = 3;

/// Restores a backup into a copy, and proves that it holds what was dumped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloneDatabase {
    /// The database that the backup is of.
    pub database: String,
    /// The backup.
    pub backup: BackupFacts,
}

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cloned {
    /// The copy.
    #[serde(flatten)]
    pub copy: ScratchCopy,
    /// How long restoring and proving took.
    pub milliseconds: u64,
}

impl CloneDatabase {
    /// The copy on the server of `database`. Its name is known before it exists, so that its undo can be written down first.
    fn copy(&self, database: &str) -> ScratchCopy {
        let digest = &self.backup.manifest[..12.min(self.backup.manifest.len())];
        ScratchCopy {
            database: database.to_owned(),
            copy: format!("cutover_rehearsal_{digest}"),
        }
    }
}

impl Primitive for CloneDatabase {
    /// The database on whose server the copy is made.
    type Observed = String;
    type Outcome = Cloned;
    const VERB: &'static str = "database.clone";
    const EFFECT: Effect = Effect::Scratch;

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<String, Failure> {
        Ok(world.scratch_place(target).await?.database)
    }

    async fn require(&self, world: &impl Gateway, target: &str, _: &String) -> Result<(), Failure> {
        let place = world.scratch_place(target).await?;
        if !place.same_server {
            // A full disk there hurts nobody, and restoring says so.
            return Ok(());
        }
        let wanted = HEADROOM * world.database_facts(target).await?.bytes;
        match place.free_bytes {
            Some(free) if free < wanted => {
                let message = format!(
                    "a rehearsal on the server of `{target}` wants {wanted} bytes there, and {free} are free"
                );
                Err(Failure::new("database.scratch.space", message).hint(
                    "let `scratch` in `[databases]` of the environment file name a database on another server",
                ))
            }
            // Where it cannot be seen, a person is asked; see `evidence`.
            Some(_) | None => Ok(()),
        }
    }

    async fn evidence(
        &self,
        world: &impl Gateway,
        _history: &History,
    ) -> Result<Vec<String>, Failure> {
        let place = world.scratch_place(&self.database).await?;
        if !place.same_server || place.free_bytes.is_some() {
            return Ok(Vec::new());
        }
        let bytes = world.database_facts(&self.database).await?.bytes;
        Ok(vec![format!(
            "how much room there is on the server of `{}` cannot be seen from here, and a copy of {bytes} bytes goes there",
            self.database
        )])
    }

    fn undo(&self, _target: &str, place: &String) -> Option<Intent> {
        let copy = self.copy(place);
        Some(Intent::DropCopy(DropCopy {
            database: copy.database,
            copy: copy.copy,
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        place: &String,
    ) -> Result<Cloned, Failure> {
        let (copy, begun) = (self.copy(place), world.elapsed());
        world.clone_backup(target, &self.backup, &copy).await?;
        let milliseconds = super::milliseconds_since(begun, world);
        Ok(Cloned { copy, milliseconds })
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &String,
    ) -> Result<Settled<Cloned>, Failure> {
        // A copy that was not seen to be proven may hold anything; what is there is replaced.
        Ok(Settled::Partly)
    }
}
