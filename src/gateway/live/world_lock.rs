//! One runner in the world: a lock and a lease on the maintenance database of every database of the environment.
//!
//! The lock on disk keeps out runners of this machine, these those of others. The lock in the world is gone with the runner's
//! connection, however the runner ends; the lease tells a runner that comes back, such as on a laptop that slept, whether somebody has
//! taken over meanwhile. Neither is in Kong's own database, which a way back swaps.

mod held;

use std::time::Duration;

use tokio::sync::Mutex;

use super::postgres::Claim;
use crate::environment::Environment;
use crate::gateway::Holding;
use held::Held;

/// How long a runner may go unheard before those of other hosts may take over: longer than a server takes to restart, shorter than
/// people take to find out what happened.
pub const TERM: Duration = Duration::from_mins(1);

/// How often within its term a lease is renewed.
const BEATS: u32 = 3;

/// The locks and leases of an environment. What is dropped unreleased is a dead runner's to the next one.
#[derive(Debug)]
pub struct WorldLocks {
    locks: Vec<Mutex<Held>>,
    term: Duration,
}

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
    /// Somebody took it over, or may have.
    #[error("the environment `{environment}` is not this runner's any more: {why}")]
    Lost {
        /// The environment.
        environment: String,
        /// How that is known.
        why: &'static str,
    },
    /// A database cannot be asked.
    #[error("whether another runner is at work cannot be seen: {0}")]
    Unseen(String),
}

impl WorldLocks {
    /// Takes them for `claim`.
    pub async fn take(environment: &Environment, claim: &Claim) -> Result<Self, WorldLockError> {
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
            let held = Held::take(database, &environment.name, claim).await?;
            locks.push(Mutex::new(held));
        }
        Ok(Self {
            locks,
            term: claim.term,
        })
    }

    /// Why there is a lock without a lease, where a role may keep no table.
    pub async fn without_lease(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        for lock in &self.locks {
            reasons.extend(lock.lock().await.unleased.clone());
        }
        reasons
    }

    /// Whether everything is still ours. Renews the leases.
    pub async fn holding(&self) -> Holding {
        for lock in &self.locks {
            let mut held = lock.lock().await;
            match held.confirm().await {
                Ok(()) => {}
                // Nobody can have taken it over before its term is up.
                Err(WorldLockError::Unseen(_)) if held.unheard() < self.term => {}
                Err(error @ WorldLockError::Unseen(_)) => {
                    return Holding::Unseen(error.to_string());
                }
                Err(error) => return Holding::Lost(error.to_string()),
            }
        }
        Holding::Ours
    }

    /// Lets the leases be heard of for as long as this is awaited.
    pub async fn beat(&self) {
        loop {
            tokio::time::sleep(self.term / BEATS).await;
            // What it finds is not told here: whoever acts next looks for itself.
            self.holding().await;
        }
    }

    /// Gives everything back, so that nobody has to wait for a term to end.
    pub async fn release(&self) {
        for lock in &self.locks {
            lock.lock().await.release().await;
        }
    }
}
