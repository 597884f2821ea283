//! The lock and the lease on one server.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::WorldLockError;
use crate::environment::Database;
use crate::gateway::live::postgres::{
    Acquisition, Claim, Claimed, Lease, Leaseholder, WorldLock, try_acquire,
};

/// How long the server may take to notice that the last runner of the same run is gone. The lock on disk proves that it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two tries.
const BETWEEN: Duration = Duration::from_millis(50);

/// How a lost environment is known to be lost.
const TAKEN: &str = "another runner has taken it over";

#[derive(Debug)]
pub(super) struct Held {
    database: Database,
    environment: String,
    claim: Claim,
    lock: WorldLock,
    lease: Option<Lease>,
    /// Why there is no lease.
    pub(super) unleased: Option<String>,
    /// When the server last said that it is ours, on a clock that goes on while the machine is suspended.
    heard: Duration,
}

impl Held {
    pub(super) async fn take(
        database: &Database,
        environment: &str,
        claim: &Claim,
    ) -> Result<Self, WorldLockError> {
        let lock = lock(database, environment, claim).await?;
        let asked = now();
        let claimed = Lease::claim(lock.session(), environment, claim).await;
        let (lease, unleased) = match claimed.map_err(unseen)? {
            Claimed::Ours(lease) => (Some(lease), None),
            Claimed::NotPermitted(why) => (None, Some(why)),
            Claimed::HeldBy(holder) => {
                // At once, or the holder that connects again would find us where it expects itself.
                lock.release().await;
                return Err(WorldLockError::Held {
                    environment: environment.to_owned(),
                    holder: described(&holder, claim.term),
                });
            }
        };
        Ok(Self {
            database: database.clone(),
            environment: environment.to_owned(),
            claim: claim.clone(),
            lock,
            lease,
            unleased,
            heard: asked,
        })
    }

    /// Makes certain that it is still ours.
    pub(super) async fn confirm(&mut self) -> Result<(), WorldLockError> {
        // Before it is asked, so that our term is never over later than the server thinks.
        let asked = now();
        match self.lock.is_held().await {
            Ok(true) => self.renew(&self.lock).await?,
            Ok(false) => return Err(self.lost("its lock is gone")),
            Err(_) => self.reconnect().await?,
        }
        self.heard = asked;
        Ok(())
    }

    /// How long ago the server said that it is ours.
    pub(super) fn unheard(&self) -> Duration {
        now().saturating_sub(self.heard)
    }

    pub(super) async fn release(&self) {
        if let Some(lease) = &self.lease {
            // One that cannot be given back is free when its term is up.
            let _ = lease.release(self.lock.session()).await;
        }
    }

    /// Takes the lock anew after its connection broke. Whether somebody had it in between, the lease's token tells.
    async fn reconnect(&mut self) -> Result<(), WorldLockError> {
        if self.lease.is_none() {
            return Err(self.lost("the connection that held its lock broke, and there is no lease"));
        }
        let taken = match lock(&self.database, &self.environment, &self.claim).await {
            // Within the term it can only be one that looks, and is refused.
            Err(WorldLockError::Held { holder, .. }) if self.unheard() < self.claim.term => {
                return Err(WorldLockError::Unseen(format!("`{holder}` looks at it")));
            }
            Err(WorldLockError::Held { .. }) => return Err(self.lost(TAKEN)),
            taken => taken?,
        };
        if let Err(error) = self.renew(&taken).await {
            // Whoever comes next must not find us in the way.
            taken.release().await;
            return Err(error);
        }
        self.lock = taken;
        Ok(())
    }

    async fn renew(&self, lock: &WorldLock) -> Result<(), WorldLockError> {
        match &self.lease {
            Some(lease) if !lease.renew(lock.session()).await.map_err(unseen)? => {
                Err(self.lost(TAKEN))
            }
            _ => Ok(()),
        }
    }

    fn lost(&self, why: &'static str) -> WorldLockError {
        WorldLockError::Lost {
            environment: self.environment.clone(),
            why,
        }
    }
}

/// Takes the lock of one server. A session of this very run on this very host is a dead runner's, and one that was gone before it
/// could be looked at is gone: for both the server is given a moment.
async fn lock(
    database: &Database,
    environment: &str,
    claim: &Claim,
) -> Result<WorldLock, WorldLockError> {
    let (run, host) = (&claim.run, &claim.process.host);
    let own = format!("cutover:{run}@{host}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let holder = match try_acquire(database, environment, run, host).await {
            Ok(Acquisition::Acquired(lock)) => return Ok(lock),
            Ok(Acquisition::HeldBy(holder)) => holder.map(|holder| holder.application),
            Err(error) => return Err(unseen(error)),
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

fn unseen(error: crate::gateway::live::postgres::PostgresError) -> WorldLockError {
    WorldLockError::Unseen(error.to_string())
}

fn described(holder: &Leaseholder, term: Duration) -> String {
    let Leaseholder {
        run,
        process,
        unheard,
    } = holder;
    let state = match process.alive() {
        Some(_) => "it lives and has lost its connection; is it stopped?".to_owned(),
        None => format!(
            "unheard for {} s; its lease ends after {} s",
            unheard.as_secs(),
            term.as_secs()
        ),
    };
    format!(
        "cutover:{run}@{} (process {}, {state})",
        process.host, process.pid
    )
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds)
        + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or_default())
}
