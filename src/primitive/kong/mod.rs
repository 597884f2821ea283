//! `kong.*`: nodes, their `kong` command, and the migrations of their database.

mod catch_up;
mod compare_configuration;
mod data_planes;
mod db_export;
mod declarative;
mod fence;
mod finish;
mod freeze;
mod hosts;
mod leave_migrated;
mod leftovers;
mod looks;
mod migrate_beside;
mod migrate_clone;
mod migrate_scratch;
mod migrate_up;
mod reload;
mod scratch;
mod start;
mod stop;

pub use catch_up::{CatchUp, CaughtUp};
pub use compare_configuration::{CompareConfiguration, ComparedConfiguration, difference_words};
pub use data_planes::{AwaitSync, DataPlanes, DataPlanesSeen};
pub use db_export::{DbExport, DbImport};
pub use declarative::{KeepDeclarative, ParseDeclarative, SendDeclarative};
pub use fence::Fence;
pub use finish::Finish;
pub use freeze::{Freeze, FreezeMode, Thaw};
pub use hosts::CheckHosts;
pub use leave_migrated::LeaveMigrated;
pub use leftovers::CheckLeftovers;
pub use looks::{
    CheckConfiguration, ClockAhead, Compare, Entities, Health, Migrations, ProveDatabase, Status,
    Version,
};
pub use migrate_beside::{MigrateBeside, StayMigrated};
pub use migrate_clone::{MigrateClone, MigratedClone};
pub use migrate_scratch::{Half, MigrateScratch, MigratedScratch};
pub use migrate_up::{MigrateUp, Migrated};
pub use reload::Reload;
pub use scratch::{StartScratch, StartedScratch, StopScratch};
pub use start::Start;
pub use stop::Stop;

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::gateway::Gateway;

/// What is observed of a node: whether Kong runs there. The process is another after each start, so it is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFound {
    /// Whether Kong runs.
    pub running: bool,
    /// Whether it answers clients, which a control plane does not.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub clients: bool,
}

fn yes() -> bool {
    true
}

impl NodeFound {
    async fn of(world: &impl Gateway, node: &str) -> Result<Self, Failure> {
        Ok(Self {
            running: world.is_running(node).await?,
            clients: world.answers_clients(node).await?,
        })
    }
}
