//! Waiting until nothing of a killed `kong migrations` can change the database any more.
//!
//! A client that was killed inside a transaction can still commit, seconds later; the server finds out that it is gone only when it
//! next talks to it, which may be never. So it gets a while to end by itself, and is ended then.

use std::time::{Duration, Instant};

use crate::environment::Database;
use crate::gateway::Failure;
use crate::gateway::live::Live;
use crate::gateway::live::postgres::{self, OtherSession, PostgresError, Role, Session};

/// How long the transaction of a killed migration may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// How long one that was ended may take to roll back, and one that is none of ours to end by itself.
const PATIENCE: Duration = Duration::from_mins(5);

/// Migrations change tables, for which they hold the strongest of locks until their end; Kong's nodes never do.
const MIGRATING: &str = "SELECT DISTINCT activity.pid FROM pg_stat_activity AS activity JOIN pg_locks AS held ON held.pid = activity.pid \
    WHERE activity.datname = current_database() AND activity.usename = current_user AND activity.application_name <> 'cutover' \
    AND held.locktype = 'relation' AND held.mode = 'AccessExclusiveLock' AND held.granted";

/// Waits until no transaction is open on `target`, called `name` in messages. Answers how many there were.
pub(super) async fn await_no_migration(
    live: &Live,
    target: &Database,
    name: &str,
) -> Result<u64, Failure> {
    let session = postgres::connect(target, Role::Owner, None).await?;
    let begun = Instant::now();
    let (mut seen, mut ended) = (0, false);
    loop {
        // An idle node holds no transaction open; a migration does, for as long as it can still commit.
        let others = postgres::sessions(&session, &target.database).await?;
        let open: Vec<&OtherSession> = others
            .iter()
            .filter(|other| other.transaction_since.is_some() && other.application != "cutover")
            .collect();
        seen = seen.max(open.len() as u64);
        if open.is_empty() {
            return Ok(seen);
        }
        let told: Vec<String> = open.iter().map(|other| words(other)).collect();
        if begun.elapsed() > PATIENCE {
            let message = format!(
                "these transactions on `{name}` do not end: {}",
                told.join("; ")
            );
            return Err(Failure::new("database.open_transaction", message).hint(
                "one of them may be the killed migration, which can still commit: end it with `pg_terminate_backend`, then go on",
            ));
        }
        live.report
            .progress(&format!("waiting for the end of {}", told.join("; ")));
        if begun.elapsed() > GRACE && !ended {
            end_migrations(&session).await?;
            ended = true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Ends the sessions that hold what only a migration holds.
async fn end_migrations(session: &Session) -> Result<(), PostgresError> {
    let statement = format!("SELECT pg_terminate_backend(pid) FROM ({MIGRATING}) AS migrating");
    let ended = session.query(&statement, &[]).await;
    ended.map(drop).map_err(PostgresError::query(
        "end the session of a killed migration",
    ))
}

fn words(other: &OtherSession) -> String {
    let since = other
        .transaction_since
        .map(|since| since.strftime(" since %H:%M:%S UTC").to_string());
    format!(
        "process {} of `{}`{}",
        other.pid,
        other.user,
        since.unwrap_or_default()
    )
}
