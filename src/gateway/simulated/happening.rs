//! What a run did to a simulated world: the events from which a drill judges whether production was safe.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gateway::Rotation;
use crate::kong::Version;
use crate::kong::schema::Schema;

/// Something that a run did to the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// In which step.
    pub step: u32,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "happened", rename_all = "snake_case")]
pub enum Happened {
    /// A node was started, with this version.
    Started {
        /// The node.
        node: String,
        /// The version that runs now.
        version: Version,
    },
    /// A node was stopped.
    Stopped {
        /// The node.
        node: String,
    },
    /// A node answered a request as it should.
    Proven {
        /// The node.
        node: String,
    },
    /// A node's place at its load balancer was set.
    Rotated {
        /// The node.
        node: String,
        /// What it gets now.
        rotation: Rotation,
    },
    /// A command of the playbook's own ran on the host of a node.
    Executed {
        /// The node.
        node: String,
    },
    /// A backup was taken.
    BackedUp {
        /// Of which database.
        database: String,
    },
    /// A copy of a database was made on its server.
    Copied {
        /// Of which database.
        database: String,
    },
    /// `kong migrations up` changed a schema.
    MigratedUp {
        /// The database.
        database: String,
        /// Whether a backup that holds exactly what was there before had been proven by restoring it.
        proven_backup: bool,
        /// Whether all of it ran.
        whole: bool,
        /// The schema after it.
        schema: Schema,
    },
    /// `kong migrations finish` changed a schema.
    Finished {
        /// The database.
        database: String,
        /// Whether a proven backup of this database is there.
        proven_backup: bool,
        /// The schema after it.
        schema: Schema,
    },
    /// A database holds again what a backup holds.
    Restored {
        /// The database.
        database: String,
        /// How many writes since the backup are not in it any more.
        lost_writes: u64,
        /// The schema after it.
        schema: Schema,
    },
}
