//! Kong's schema migrations on a real PostgreSQL: their state, their lock, their effects.
//!
//! Knows nothing of the command line; what it has to say on the way goes to a [`Log`].

mod connection;
mod mutex;
mod run;
mod sql;
mod state;

pub use connection::{ConnectError, connect};
pub use mutex::{Held, Mutex, Waiting};
pub use run::{Parts, Runner};
pub use state::{SchemaState, Section, lines};

use std::time::Duration;

/// Where a command's lines go, one call a line.
pub type Log<'a> = &'a dyn Fn(&str);

/// Why a migration, or what surrounds it, failed; in Kong's words.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// PostgreSQL refused a statement.
    #[error("[PostgreSQL error] {}", reason(.0))]
    Query(#[from] tokio_postgres::Error),
    /// The lock was not released in time.
    #[error("[PostgreSQL error] timeout")]
    LockTimeout,
    /// A migration failed; its transaction is rolled back.
    #[error(
        "[PostgreSQL error] cluster_mutex callback threw an error: [PostgreSQL error] failed to run migration '{name}' {part}: {reason}"
    )]
    Migration {
        /// Its name.
        name: &'static str,
        /// `up` or `teardown`.
        part: &'static str,
        /// What PostgreSQL said, or `timeout`.
        reason: String,
    },
    /// The file of faults in the prefix is not one.
    #[error("stand-in: `{path}` is not a file of faults: {source}")]
    Faults {
        /// The file.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
}

/// An error of the driver as Kong prints one: `FATAL: database "x" does not exist`, `connection refused`.
fn reason(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    if let Some(database) = error.as_db_error() {
        return format!("{}: {}", database.severity(), database.message());
    }
    let io = error
        .source()
        .and_then(|source| source.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(std::io::ErrorKind::NotFound) => "no such file or directory".to_owned(),
        Some(std::io::ErrorKind::TimedOut) => "timeout".to_owned(),
        _ => io.map_or_else(|| error.to_string(), ToString::to_string),
    }
}

/// How long the lock lives, and how long a waiting node waits for it, where no `--lock-timeout` says otherwise.
pub const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_mins(1);
