//! The node's database sessions: three, kept open, opened again one by one when they are needed.
//!
//! Three because that is what an idle Kong holds, which is what gets in the way of copying or renaming its database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_postgres::Client;

use super::super::conf::PostgresSettings;
use super::super::connection::{Connection, ConnectionError};
use crate::kong::Version;
use crate::tls::PemError;

/// How many sessions an idle node keeps.
const SESSIONS: usize = 3;

/// From 3.9 on sessions say that they are Kong's; before they had no name, so that they can be told apart by nothing but address.
const NAMED_SINCE: (u16, u16) = (3, 9);

/// Why the database did not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum DatabaseError {
    /// It refused, broke off or does not run.
    #[error("the database failed: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// It took longer than `pg_timeout`.
    #[error("the database did not answer in {} ms", .0.as_millis())]
    Timeout(Duration),
}

/// The sessions.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    timeout: Duration,
    sessions: [Mutex<Option<Arc<Client>>>; SESSIONS],
    turn: AtomicUsize,
}

impl Database {
    /// Sessions to be opened when they are needed.
    pub(super) fn new(settings: &PostgresSettings, version: &Version) -> Result<Self, PemError> {
        let mut connection = Connection::new(settings)?;
        if version.is_at_least(NAMED_SINCE.0, NAMED_SINCE.1) {
            connection = connection.named("kong");
        }
        Ok(Self {
            connection,
            timeout: settings.timeout,
            sessions: Default::default(),
            turn: AtomicUsize::new(0),
        })
    }

    /// Opens all sessions.
    pub(super) async fn open_all(&self) -> Result<(), DatabaseError> {
        for _ in 0..SESSIONS {
            self.session().await?;
        }
        Ok(())
    }

    /// The next session, opened again if it was closed.
    pub(super) async fn session(&self) -> Result<Arc<Client>, DatabaseError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % SESSIONS;
        let mut session = self.sessions[turn].lock().await;
        if let Some(client) = session.as_ref()
            && !client.is_closed()
        {
            return Ok(Arc::clone(client));
        }
        *session = None;
        let client = self
            .connection
            .open(self.timeout)
            .await
            .map_err(|error| match error {
                ConnectionError::Postgres(error) => DatabaseError::Postgres(error),
                ConnectionError::Timeout => DatabaseError::Timeout(self.timeout),
            })?;
        let client = Arc::new(client);
        *session = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Whether the database answers.
    pub(super) async fn is_reachable(&self) -> bool {
        let Ok(session) = self.session().await else {
            return false;
        };
        let asked = session.query_one("SELECT 1", &[]);
        matches!(tokio::time::timeout(self.timeout, asked).await, Ok(Ok(_)))
    }
}
