//! Putting a database beside the live one in its place.

use super::content;
use crate::environment::Database;
use crate::gateway::live::Live;
use crate::gateway::live::postgres::{self, DigestOptions, SwapNames, SwapState};
use crate::gateway::{BackupFacts, Failure};

impl Live {
    /// Swaps, and tells meanwhile who keeps it waiting.
    pub(super) async fn exchange(
        &self,
        target: &Database,
        names: &SwapNames,
    ) -> Result<(), Failure> {
        let swap = postgres::swap(target, names, &self.run);
        self.telling_who_blocks("the renaming", target, swap)
            .await?;
        Ok(())
    }

    /// Whether a database beside the live one holds what the backup holds. Past the renames there is nothing to choose any more.
    pub(super) async fn is_whole(
        &self,
        target: &Database,
        backup: &BackupFacts,
        fresh: &str,
        state: SwapState,
    ) -> bool {
        if state == SwapState::Renamed {
            return true;
        }
        let digest = postgres::digest(target, Some(fresh), &DigestOptions::default()).await;
        digest.is_ok_and(|digest| content(&digest, &target.schema) == backup.content)
    }
}
