//! The lease on an environment: a row that says who has it, when it was last heard of, and which fencing token it got.
//!
//! The advisory lock beside it is gone with its connection, and a runner that was suspended does not notice. The token tells: whoever
//! takes the environment raises it, and a runner whose token is not the row's any more has lost it. Times are the server's, so the
//! clocks of two hosts need not agree. The row is in a schema of cutover's own in the maintenance database, never in Kong's.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::error::{PostgresError, words};
use super::session::Session;
use crate::gateway::ProcessIdentity;

const TABLE: &str = "
    CREATE SCHEMA IF NOT EXISTS cutover;
    CREATE TABLE IF NOT EXISTS cutover.lease (
        environment text PRIMARY KEY, token bigint NOT NULL, run text NOT NULL, host text NOT NULL, pid bigint NOT NULL,
        started bigint NOT NULL, boot text NOT NULL, heartbeat timestamptz NOT NULL, released boolean NOT NULL)";

/// Who wants an environment.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The run.
    pub run: String,
    /// The runner's process.
    pub process: ProcessIdentity,
    /// How long it may go unheard before others may take over.
    pub term: Duration,
}

/// A lease that is ours as long as nobody has raised its token.
#[derive(Debug, Clone)]
pub struct Lease {
    environment: String,
    token: i64,
}

/// What came of claiming a lease.
#[derive(Debug)]
pub enum Claimed {
    /// It is ours.
    Ours(Lease),
    /// The one who has it may still be at work.
    HeldBy(Leaseholder),
    /// The role may keep no table of cutover's own, for this reason.
    NotPermitted(String),
}

/// Who has a lease.
#[derive(Debug, Clone)]
pub struct Leaseholder {
    /// Its run.
    pub run: String,
    /// Its process.
    pub process: ProcessIdentity,
    /// How long ago it was heard of.
    pub unheard: Duration,
}

impl Leaseholder {
    /// Whether `claim` may take over. Asked while the advisory lock is ours, so that the connection of the holder is gone.
    ///
    /// On its own host the process itself is looked at: one that is dead needs no waiting, and one that lives is suspended at most. On
    /// another host nothing tells but time.
    fn gives_way_to(&self, claim: &Claim) -> bool {
        if self.process == claim.process {
            return true;
        }
        match self.process.alive() {
            Some(alive) => !alive,
            None => self.unheard >= claim.term,
        }
    }
}

impl Lease {
    /// Claims the lease of `environment`; the caller holds the advisory lock.
    pub async fn claim(
        session: &Session,
        environment: &str,
        claim: &Claim,
    ) -> Result<Claimed, PostgresError> {
        match try_claim(session, environment, claim).await {
            Ok(claimed) => Ok(claimed),
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                Ok(Claimed::NotPermitted(words(&error)))
            }
            Err(error) => Err(PostgresError::query("claim the environment's lease")(error)),
        }
    }

    /// Lets the lease be heard of; answers whether it is still ours.
    pub async fn renew(&self, session: &Session) -> Result<bool, PostgresError> {
        let renewed = session
            .execute(
                "UPDATE cutover.lease SET heartbeat = pg_catalog.clock_timestamp() WHERE environment = $1 AND token = $2",
                &[&self.environment, &self.token],
            )
            .await
            .map_err(PostgresError::query("renew the environment's lease"))?;
        Ok(renewed == 1)
    }

    /// Gives the lease back, so that nobody has to wait for it.
    pub async fn release(&self, session: &Session) -> Result<(), PostgresError> {
        session
            .execute(
                "UPDATE cutover.lease SET released = true WHERE environment = $1 AND token = $2",
                &[&self.environment, &self.token],
            )
            .await
            .map_err(PostgresError::query("give the environment's lease back"))?;
        Ok(())
    }
}

async fn try_claim(
    session: &Session,
    environment: &str,
    claim: &Claim,
) -> Result<Claimed, tokio_postgres::Error> {
    let there: bool = session
        .query_one(
            "SELECT pg_catalog.to_regclass('cutover.lease') IS NOT NULL",
            &[],
        )
        .await?
        .get(0);
    if !there {
        session.batch_execute(TABLE).await?;
    }
    let row = session
        .query_opt(
            "SELECT run, host, pid, started, boot,
                    (extract(epoch FROM pg_catalog.clock_timestamp() - heartbeat) * 1000)::bigint
             FROM cutover.lease WHERE environment = $1 AND NOT released",
            &[&environment],
        )
        .await?;
    let holder = row.map(|row| Leaseholder {
        run: row.get(0),
        process: ProcessIdentity {
            node: None,
            host: row.get(1),
            pid: u32::try_from(row.get::<_, i64>(2)).unwrap_or_default(),
            started: row.get::<_, i64>(3).cast_unsigned(),
            boot: row.get(4),
        },
        unheard: Duration::from_millis(u64::try_from(row.get::<_, i64>(5)).unwrap_or_default()),
    });
    if let Some(holder) = holder.filter(|holder| !holder.gives_way_to(claim)) {
        return Ok(Claimed::HeldBy(holder));
    }
    let Claim { run, process, .. } = claim;
    let token = session
        .query_one(
            "INSERT INTO cutover.lease AS held VALUES ($1, 1, $2, $3, $4, $5, $6, pg_catalog.clock_timestamp(), false)
             ON CONFLICT (environment) DO UPDATE SET token = held.token + 1, run = $2, host = $3, pid = $4, started = $5, boot = $6,
                 heartbeat = pg_catalog.clock_timestamp(), released = false
             RETURNING token",
            &[
                &environment,
                run,
                &process.host,
                &i64::from(process.pid),
                &process.started.cast_signed(),
                &process.boot,
            ],
        )
        .await?
        .get(0);
    Ok(Claimed::Ours(Lease {
        environment: environment.to_owned(),
        token,
    }))
}
