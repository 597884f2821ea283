//! The connection of a command to its database, and why there is none in Kong's words.

use std::time::Duration;

use tokio_postgres::Client;

use crate::lab::stand_in::conf::PostgresSettings;
use crate::lab::stand_in::connection::{Connection, ConnectionError};

/// Why there is no connection, in Kong's words.
#[derive(Debug, thiserror::Error)]
#[error("[PostgreSQL error] failed to retrieve PostgreSQL server_version_num: {0}")]
pub struct ConnectError(String);

/// Connects, and gives up after `timeout`.
pub async fn connect(
    settings: &PostgresSettings,
    timeout: Duration,
) -> Result<Client, ConnectError> {
    let connection = Connection::new(settings).map_err(|error| ConnectError(error.to_string()))?;
    connection.open(timeout).await.map_err(|error| {
        ConnectError(match error {
            ConnectionError::Postgres(error) => super::reason(&error),
            timeout @ ConnectionError::Timeout => timeout.to_string(),
        })
    })
}
