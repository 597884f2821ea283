//! The lock that Kong's nodes take in the database before they change its schema: a row in `locks` with an end.
//!
//! As in Kong the end is fixed when the lock is taken and never moved, and a killed owner leaves its row behind.

use std::time::Duration;

use tokio_postgres::Client;

use super::MigrationError;

/// The row's key.
const KEY: &str = "migrations";

/// Kong triples its pause between two looks at the lock, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What to do when another node holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Wait until it is free, and then leave the database alone all the same.
    UntilFree,
    /// Leave at once.
    Never,
}

/// Whether the lock was taken.
#[derive(Debug)]
pub enum Held {
    /// It is ours until released.
    Ours(Mutex),
    /// Another node has it, or had it while this one waited.
    Others,
}

/// A lock that is held.
#[derive(Debug)]
pub struct Mutex {
    owner: String,
}

impl Mutex {
    /// Takes the lock for `timeout`, which is also how long to wait for another owner.
    pub async fn take(
        client: &Client,
        timeout: Duration,
        waiting: Waiting,
    ) -> Result<Held, MigrationError> {
        let owner = uuid::Uuid::new_v4().to_string();
        client
            .execute("DELETE FROM locks WHERE ttl < now()", &[])
            .await?;
        let inserted = client
            .execute(
                "INSERT INTO locks (key, owner, ttl) VALUES ($1, $2, now() + make_interval(secs => $3)) ON CONFLICT DO NOTHING",
                &[&KEY, &owner, &timeout.as_secs_f64()],
            )
            .await?;
        if inserted == 1 {
            return Ok(Held::Ours(Self { owner }));
        }
        if waiting == Waiting::UntilFree {
            wait(client, timeout).await?;
        }
        Ok(Held::Others)
    }

    /// Gives the lock back.
    pub async fn release(self, client: &Client) -> Result<(), MigrationError> {
        let statement = "DELETE FROM locks WHERE key = $1 AND owner = $2";
        client.execute(statement, &[&KEY, &self.owner]).await?;
        Ok(())
    }
}

async fn wait(client: &Client, timeout: Duration) -> Result<(), MigrationError> {
    let mut pause = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        tokio::time::sleep(pause).await;
        waited += pause;
        if waited >= timeout {
            return Err(MigrationError::LockTimeout);
        }
        let live = "SELECT FROM locks WHERE key = $1 AND ttl >= now()";
        if client.query_opt(live, &[&KEY]).await?.is_none() {
            return Ok(());
        }
        pause = (pause * 3).min(LONGEST_PAUSE);
    }
}
