//! One runner per environment, in the world: an advisory lock on the maintenance database.
//!
//! The lock lives as long as its session, so a dead runner frees it without anybody's help. It is never held inside Kong's own
//! database, which is swapped, and never through a pooler.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::PostgresError;
use super::identity::halves;
use super::session::{Role, Session, connect_as};
use crate::environment::Database;

/// The server cuts application names to this length.
const NAME_LIMIT: usize = 63;

/// What came of trying to take the lock.
#[derive(Debug)]
pub enum Acquisition {
    /// It is ours until the value is dropped.
    Acquired(WorldLock),
    /// Somebody else has it; absent where they let go before we could look.
    HeldBy(Option<Holder>),
}

/// The lock, held.
#[derive(Debug)]
pub struct WorldLock {
    session: Session,
    key: i64,
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// `cutover:RUN@HOST`, as it called itself.
    pub application: String,
    /// Its address; absent on a Unix socket.
    pub client: Option<String>,
    /// When it connected.
    pub since: Option<Timestamp>,
    /// Its backend's process id on the server.
    pub pid: i32,
}

/// Tries to take the lock of `environment` on the maintenance database of `database`, for `run` on `host`.
pub async fn try_acquire(
    database: &Database,
    environment: &str,
    run: &str,
    host: &str,
) -> Result<Acquisition, PostgresError> {
    let mut application = format!("cutover:{run}@{host}");
    application.truncate(application.floor_char_boundary(NAME_LIMIT));
    let session = connect_as(database, Role::Admin, None, &application).await?;
    let key = key(environment);
    let acquired: bool = session
        .query_one("SELECT pg_try_advisory_lock($1)", &[&key])
        .await
        .map_err(PostgresError::query("take the environment's lock"))?
        .get(0);
    if acquired {
        return Ok(Acquisition::Acquired(WorldLock { session, key }));
    }
    let holder = holder(&session, environment).await?;
    session.close().await;
    Ok(Acquisition::HeldBy(holder))
}

/// Who holds the lock of `environment`, as a session on the maintenance database sees it.
pub(super) async fn holder(
    session: &Session,
    environment: &str,
) -> Result<Option<Holder>, PostgresError> {
    let (class, object) = halves(key(environment));
    let holder = session
        .query_opt(
            "SELECT coalesce(a.application_name, ''), host(a.client_addr), a.backend_start, l.pid
             FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
             LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
             WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted
               AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 1",
            &[&class, &object],
        )
        .await
        .map_err(PostgresError::query("see who holds the environment's lock"))?;
    Ok(holder.map(|row| Holder {
        application: row.get(0),
        client: row.get(1),
        since: row.get(2),
        pid: row.get(3),
    }))
}

impl WorldLock {
    /// Whether it is still ours. An error means that the connection is broken, and with it the lock.
    pub async fn is_held(&self) -> Result<bool, PostgresError> {
        let (class, object) = halves(self.key);
        let row = self
            .session
            .query_one(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted
                 AND l.pid = pg_backend_pid() AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 1)",
                &[&class, &object],
            )
            .await
            .map_err(PostgresError::query("see whether the environment is still ours"))?;
        Ok(row.get(0))
    }

    /// The session that holds it.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Frees it and waits until the server has noticed.
    pub async fn release(self) {
        self.session.close().await;
    }
}

/// The environment's name as an advisory lock's key. Advisory locks are one space for all programs, hence the prefix.
fn key(environment: &str) -> i64 {
    let hash = Sha256::digest(format!("cutover:environment:{environment}"));
    i64::from_be_bytes(*hash.first_chunk().expect("a hash has 32 bytes"))
}
