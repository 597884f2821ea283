//! Breaking a practice cluster on purpose, and mending it again.
//!
//! Faults of commands and nodes are written into the files that the stand-in reads; others are done to PostgreSQL or a process.

use rustix::process::Signal;

use super::nodes::PracticeNode;
use super::{Practice, PracticeError, Role, Topology, database, files};
use crate::kong::Version;
use crate::lab::stand_in::faults::{FAULTS, Faults, Pushes};

/// Who holds the locks that a fault makes, so that clearing takes no lock of Kong's.
const OWNER: &str = "cutover-practice-fault";

/// What is to go wrong, and the words for it at the command line.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum Fault {
    /// Another node holds the lock of the migrations.
    LockHeld {
        /// For how many seconds.
        #[arg(default_value_t = 60)]
        seconds: u32,
    },
    /// A node that died left the lock of the migrations behind.
    LockStale,
    /// The SQL of a migration fails.
    MigrationFails {
        /// The migration, such as `016_280_to_300`.
        name: String,
    },
    /// A migration never returns.
    MigrationHangs {
        /// The migration, such as `016_280_to_300`.
        name: String,
    },
    /// The server commits the first migration late, also when its client is dead by then.
    MigrationCommitsLate {
        /// How many milliseconds late.
        milliseconds: u64,
    },
    /// A node's process is killed.
    NodeDies {
        /// The node.
        node: String,
    },
    /// A node's Admin API is slow.
    AdminSlow {
        /// The node.
        node: String,
        /// How many milliseconds every answer takes longer.
        milliseconds: u64,
    },
    /// A node's Admin API claims another version.
    AdminLies {
        /// The node.
        node: String,
        /// What it claims.
        version: Version,
    },
    /// A node's Admin API answers 500 to everything.
    AdminErrors {
        /// The node.
        node: String,
    },
    /// A node's clock is wrong.
    ClockAhead {
        /// The node.
        node: String,
        /// How many milliseconds it is ahead; below 0 it is behind.
        #[arg(allow_negative_numbers = true)]
        milliseconds: i64,
    },
    /// A control plane gives its data planes a configuration without entities.
    PushEmpty {
        /// The control plane.
        node: String,
    },
    /// A control plane gives its data planes another configuration than its database holds: one without plugins.
    PushWrong {
        /// The control plane.
        node: String,
    },
    /// A data plane does not take what it is given.
    PushRefused {
        /// The data plane.
        node: String,
    },
    /// PostgreSQL is stopped.
    DatabaseDown,
    /// PostgreSQL is started again.
    DatabaseUp,
    /// Nothing is broken any more; killed nodes stay dead.
    Clear,
}

/// Makes `fault` happen to the cluster.
pub async fn fault(practice: &Practice, fault: &Fault) -> Result<(), PracticeError> {
    let needs_database = matches!(
        fault,
        Fault::LockHeld { .. } | Fault::LockStale | Fault::DatabaseDown | Fault::DatabaseUp
    );
    if needs_database && practice.topology == Topology::Dbless {
        return Err(PracticeError::NoDatabase);
    }
    match fault {
        Fault::LockHeld { seconds } => lock(practice, i64::from(*seconds)).await,
        // Kong's own rows end a minute after they were made; this one ended a minute ago.
        Fault::LockStale => lock(practice, -60).await,
        Fault::MigrationFails { name } => everywhere(practice, |faults| {
            faults.migration_fails = Some(name.clone());
        }),
        Fault::MigrationHangs { name } => everywhere(practice, |faults| {
            faults.migration_hangs = Some(name.clone());
        }),
        Fault::MigrationCommitsLate { milliseconds } => everywhere(practice, |faults| {
            faults.migration_commits_late_ms = Some(*milliseconds);
        }),
        Fault::NodeDies { node } => {
            if let Some((process, _)) = practice.node(node)?.running() {
                process.signal(Signal::KILL);
            }
            Ok(())
        }
        Fault::AdminSlow { node, milliseconds } => change(practice.node(node)?, |faults| {
            faults.admin_delay_ms = Some(*milliseconds);
        }),
        Fault::AdminLies { node, version } => change(practice.node(node)?, |faults| {
            faults.admin_lies_version = Some(version.to_string());
        }),
        Fault::AdminErrors { node } => change(practice.node(node)?, |faults| {
            faults.admin_status = Some(500);
        }),
        Fault::ClockAhead { node, milliseconds } => change(practice.node(node)?, |faults| {
            faults.clock_ahead_ms = Some(*milliseconds);
        }),
        Fault::PushEmpty { node } => change(plane(practice, node, Role::ControlPlane)?, |faults| {
            faults.pushes = Some(Pushes::Empty);
        }),
        Fault::PushWrong { node } => change(plane(practice, node, Role::ControlPlane)?, |faults| {
            faults.pushes = Some(Pushes::Wrong);
        }),
        Fault::PushRefused { node } => change(plane(practice, node, Role::DataPlane)?, |faults| {
            faults.takes_nothing = true;
        }),
        Fault::DatabaseDown => database::stop(&practice.directory, &practice.socket),
        Fault::DatabaseUp => {
            database::start(&practice.directory, &practice.socket, &practice.access)
        }
        Fault::Clear => clear(practice).await,
    }
}

/// The faults of a node, as its file holds them; a damaged file counts as none.
pub(super) fn of(node: &PracticeNode) -> Faults {
    Faults::of(&node.prefix)
}

/// A migration is run from any of the nodes, so its faults are on all.
fn everywhere(practice: &Practice, set: impl Fn(&mut Faults)) -> Result<(), PracticeError> {
    practice.all_nodes().try_for_each(|node| change(node, &set))
}

/// The node of this name, which must have this role.
fn plane<'a>(
    practice: &'a Practice,
    name: &str,
    role: Role,
) -> Result<&'a PracticeNode, PracticeError> {
    let node = practice.node(name)?;
    if node.role == role {
        return Ok(node);
    }
    Err(PracticeError::OtherRole {
        node: name.to_owned(),
        wanted: match role {
            Role::ControlPlane => "control plane",
            Role::DataPlane => "data plane",
            Role::Traditional => "traditional node",
        },
    })
}

fn change(node: &PracticeNode, set: impl Fn(&mut Faults)) -> Result<(), PracticeError> {
    let mut faults = of(node);
    set(&mut faults);
    files::write_json(&node.prefix.join(FAULTS), &faults)
}

/// Makes the row by which a node would hold the migrations' lock, ending `seconds` from now.
async fn lock(practice: &Practice, seconds: i64) -> Result<(), PracticeError> {
    let client = database::connect(&practice.socket, &practice.access, database::KONG).await?;
    let statement = format!(
        "INSERT INTO locks (key, owner, ttl) VALUES ('migrations', '{OWNER}', now() + interval '{seconds} s') \
         ON CONFLICT (key) DO UPDATE SET owner = EXCLUDED.owner, ttl = EXCLUDED.ttl"
    );
    client.batch_execute(&statement).await?;
    Ok(())
}

async fn clear(practice: &Practice) -> Result<(), PracticeError> {
    for node in practice.all_nodes() {
        let path = node.prefix.join(FAULTS);
        if path.exists() {
            std::fs::remove_file(&path).map_err(files::failed("remove", &path))?;
        }
    }
    if practice.topology == Topology::Dbless {
        return Ok(());
    }
    database::start(&practice.directory, &practice.socket, &practice.access)?;
    let client = database::connect(&practice.socket, &practice.access, database::KONG).await?;
    let statement = format!("DELETE FROM locks WHERE owner = '{OWNER}'");
    client.batch_execute(&statement).await?;
    Ok(())
}
