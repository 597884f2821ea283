//! The connection of a command to its database, from Kong's own `pg_*` settings.

use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls};

use crate::lab::stand_in::conf::{PostgresSettings, PostgresTls};

/// Why there is no connection, in Kong's words.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server refused, or is not there.
    #[error("[PostgreSQL error] failed to retrieve PostgreSQL server_version_num: {0}")]
    Refused(String),
    /// `pg_ssl` asks for what the stand-in does not speak.
    #[error(
        "[PostgreSQL error] failed to retrieve PostgreSQL server_version_num: the stand-in speaks no TLS to PostgreSQL, set pg_ssl = off"
    )]
    Tls,
}

/// Connects, and gives up after `timeout`. The session's times are UTC, as in Kong.
pub async fn connect(
    settings: &PostgresSettings,
    timeout: Duration,
) -> Result<Client, ConnectError> {
    if settings.tls != PostgresTls::Off {
        return Err(ConnectError::Tls);
    }
    let mut options = String::from("-c timezone=UTC");
    if let Some(schema) = &settings.schema {
        // A space would end the option, so it is escaped the way the server's own parser wants it.
        options.push_str(" -c search_path=");
        options.push_str(&schema.replace('\\', "\\\\").replace(' ', "\\ "));
    }
    let mut config = Config::new();
    config
        .host(&settings.host)
        .port(settings.port)
        .user(&settings.user)
        .dbname(&settings.database)
        .options(&options);
    if !settings.password.0.is_empty() {
        config.password(&settings.password.0);
    }
    let connected = tokio::time::timeout(timeout, config.connect(NoTls)).await;
    let (client, connection) = connected
        .map_err(|_| ConnectError::Refused("timeout".to_owned()))?
        .map_err(|error| ConnectError::Refused(super::reason(&error)))?;
    // The task ends with the client; what goes wrong in it comes out of the client's next call.
    tokio::spawn(connection);
    Ok(client)
}
