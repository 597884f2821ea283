//! Which database this is: numbers that two names for the same database share, and a nonce that only the same database shows.

use serde::{Deserialize, Serialize};

use super::error::PostgresError;
use super::session::Session;

/// The numbers by which a database is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The cluster's system identifier; absent where we may not read it. A physical copy of a cluster has the same.
    pub system_identifier: Option<String>,
    /// The database's name at the time.
    pub database: String,
    /// Its object id, which a rename keeps.
    pub oid: u32,
    /// The server's address and port as the server sees them; absent on a Unix socket.
    pub address: Option<String>,
}

/// An advisory lock under a random key, visible only in the database in which it is held and only while its session lives.
#[derive(Debug)]
pub struct Nonce<'session> {
    session: &'session Session,
    key: i64,
}

/// Reads the identity of the database that `session` is connected to.
pub async fn identity(session: &Session) -> Result<Identity, PostgresError> {
    let row = session
        .query_one(
            "SELECT current_database()::text, d.oid, host(inet_server_addr()) || ':' || inet_server_port()
             FROM pg_catalog.pg_database d WHERE d.datname = current_database()",
            &[],
        )
        .await
        .map_err(PostgresError::query("read the database's identity"))?;
    let system = session
        .query_one(
            "SELECT system_identifier::text FROM pg_catalog.pg_control_system()",
            &[],
        )
        .await
        .ok();
    Ok(Identity {
        system_identifier: system.map(|row| row.get(0)),
        database: row.get(0),
        oid: row.get(1),
        address: row.get(2),
    })
}

/// Whether two sessions are connected to the same database, proven by a nonce of one that the other sees.
pub async fn is_same_database(one: &Session, other: &Session) -> Result<bool, PostgresError> {
    let nonce = Nonce::place(one).await?;
    let seen = nonce.is_seen_by(other).await;
    nonce.remove().await?;
    seen
}

impl<'session> Nonce<'session> {
    /// Places a nonce in the database that `session` is connected to.
    pub async fn place(session: &'session Session) -> Result<Self, PostgresError> {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        let key = (high ^ low).cast_signed();
        session
            .execute("SELECT pg_advisory_lock($1)", &[&key])
            .await
            .map_err(PostgresError::query("place a nonce"))?;
        Ok(Self { session, key })
    }

    /// Whether `session` sees it in its own database.
    pub async fn is_seen_by(&self, session: &Session) -> Result<bool, PostgresError> {
        let (class, object) = halves(self.key);
        session
            .query_one(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
                 WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted
                   AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 1)",
                &[&class, &object],
            )
            .await
            .map(|row| row.get(0))
            .map_err(PostgresError::query("look for a nonce"))
    }

    /// Takes it away again.
    pub async fn remove(self) -> Result<(), PostgresError> {
        self.session
            .execute("SELECT pg_advisory_unlock($1)", &[&self.key])
            .await
            .map(|_| ())
            .map_err(PostgresError::query("remove a nonce"))
    }
}

/// The two halves of an advisory lock's key, as `pg_locks` shows them in `classid` and `objid`.
pub(super) fn halves(key: i64) -> (u32, u32) {
    let bits = key.cast_unsigned();
    let half = |bits: u64| u32::try_from(bits & 0xffff_ffff).expect("a masked value fits");
    (half(bits >> 32), half(bits))
}
