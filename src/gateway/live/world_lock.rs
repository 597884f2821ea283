//! One runner in the world: a lock on the maintenance database of every database of the environment.
//!
//! The lock on disk keeps out runners of this machine, this one those of others. It is never taken inside Kong's own database, which a
//! way back swaps, and it is gone with the runner's connection, however the runner ends.

use std::time::{Duration, Instant};

use super::postgres::{Acquisition, WorldLock, try_acquire};
use crate::environment::{Database, Environment};

/// How long the server may take to notice that the last runner of the same run is gone. The lock on disk proves that it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two tries.
const BETWEEN: Duration = Duration::from_millis(50);

/// The locks of an environment, held until they are dropped.
#[derive(Debug)]
pub struct WorldLocks(Vec<WorldLock>);

/// Why the environment is not ours.
#[derive(Debug, thiserror::Error)]
pub enum WorldLockError {
    /// Another runner has it.
    #[error("another runner holds the environment `{environment}` in the world: {holder}")]
    Held {
        /// The environment.
        environment: String,
        /// Who, as it calls itself: `cutover:RUN@HOST`.
        holder: String,
    },
    /// A database cannot be asked.
    #[error("whether another runner is at work cannot be seen: {0}")]
    Unseen(String),
}

impl WorldLocks {
    /// Takes the locks for `run`.
    pub async fn take(environment: &Environment, run: &str) -> Result<Self, WorldLockError> {
        let host = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        let mut locks = Vec::new();
        let mut servers = std::collections::BTreeSet::new();
        for database in environment.databases.values() {
            let maintenance = database
                .admin
                .as_ref()
                .map_or("postgres", |admin| admin.database.as_str());
            // Two databases of one server share their lock; taking it twice would find ourselves.
            if !servers.insert((&database.host, database.port, maintenance)) {
                continue;
            }
            locks.push(take_one(database, &environment.name, run, &host).await?);
        }
        Ok(Self(locks))
    }

    /// Whether every lock is still ours: a connection that broke has freed it, and nobody tells.
    pub async fn held(&self) -> bool {
        for lock in &self.0 {
            if !lock.is_held().await {
                return false;
            }
        }
        true
    }
}

/// Takes the lock of one server. A session of this very run on this very host is a dead runner's, and one that was gone before it
/// could be looked at is gone: for both the server is given a moment.
async fn take_one(
    database: &Database,
    environment: &str,
    run: &str,
    host: &str,
) -> Result<WorldLock, WorldLockError> {
    let own = format!("cutover:{run}@{host}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let holder = match try_acquire(database, environment, run, host).await {
            Ok(Acquisition::Acquired(lock)) => return Ok(lock),
            Ok(Acquisition::HeldBy(holder)) => holder.map(|holder| holder.application),
            Err(error) => return Err(WorldLockError::Unseen(error.to_string())),
        };
        // The server cuts an application's name at 63 bytes.
        let passing = holder
            .as_ref()
            .is_none_or(|holder| !holder.is_empty() && own.starts_with(holder.as_str()));
        if !passing || Instant::now() > deadline {
            let holder = holder.unwrap_or_else(|| "unknown".to_owned());
            return Err(WorldLockError::Held {
                environment: environment.to_owned(),
                holder,
            });
        }
        tokio::time::sleep(BETWEEN).await;
    }
}
