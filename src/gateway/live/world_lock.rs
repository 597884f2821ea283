//! One runner in the world: a lock on the maintenance database of every database of the environment.
//!
//! The lock on disk keeps out runners of this machine, this one those of others. It is never taken inside Kong's own database, which a
//! way back swaps, and it is gone with the runner's connection, however the runner ends.

use super::postgres::{Acquisition, WorldLock, try_acquire};
use crate::environment::Environment;

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
            match try_acquire(database, &environment.name, run, &host).await {
                Ok(Acquisition::Acquired(lock)) => locks.push(lock),
                Ok(Acquisition::HeldBy(holder)) => {
                    let holder =
                        holder.map_or_else(|| "unknown".to_owned(), |holder| holder.application);
                    return Err(WorldLockError::Held {
                        environment: environment.name.clone(),
                        holder,
                    });
                }
                Err(error) => return Err(WorldLockError::Unseen(error.to_string())),
            }
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
