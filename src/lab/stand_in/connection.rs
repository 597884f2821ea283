//! A session on PostgreSQL, from Kong's own `pg_*` settings: the same for a node and for a command.
//!
//! As in Kong the session's times are UTC, a schema is found by the search path, and `pg_ssl_verify` checks the certificate's
//! chain and not its name.

use std::time::Duration;

use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use super::conf::{PostgresSettings, PostgresTls, Unoffered};
use crate::tls::{self, Connector, PemError, Trust};

/// How to reach a database; connecting can be tried any number of times.
#[derive(Debug, Clone)]
pub struct Connection {
    config: Config,
    tls: Option<Connector>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The server refused, or is not there.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// It took too long.
    #[error("timeout")]
    Timeout,
}

impl Connection {
    /// The way to the database of `settings`.
    pub fn new(settings: &PostgresSettings) -> Result<Self, PemError> {
        let mut config = Config::new();
        config
            .host(&settings.host)
            .port(settings.port)
            .user(&settings.user)
            .dbname(&settings.database)
            .options(options(settings))
            .ssl_mode(match &settings.tls {
                PostgresTls::Off => SslMode::Disable,
                PostgresTls::On { unoffered, .. } => match unoffered {
                    Unoffered::Accepted => SslMode::Prefer,
                    Unoffered::Refused => SslMode::Require,
                },
            });
        if !settings.password.0.is_empty() {
            config.password(&settings.password.0);
        }
        // No TLS is offered on a Unix socket.
        let tls = match &settings.tls {
            PostgresTls::On { authorities, .. } if !settings.host.starts_with('/') => {
                let trust = match authorities {
                    None => Trust::Anyone,
                    Some(files) => {
                        let mut roots = rustls::RootCertStore::empty();
                        for file in files {
                            roots.roots.extend(tls::roots(file)?.roots);
                        }
                        Trust::Chain(roots)
                    }
                };
                Some(tls::connector(trust, None)?)
            }
            _ => None,
        };
        Ok(Self { config, tls })
    }

    /// The same under a name that the server shows.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.config.application_name(name);
        self
    }

    /// Connects, and gives up after `timeout`. What goes wrong with the session later comes out of the client's next call.
    pub async fn open(&self, timeout: Duration) -> Result<Client, ConnectionError> {
        let attempt = async {
            if let Some(tls) = &self.tls {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                tokio::spawn(connection);
                return Ok(client);
            }
            let (client, connection) = self.config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        };
        tokio::time::timeout(timeout, attempt)
            .await
            .map_err(|_| ConnectionError::Timeout)?
    }
}

/// What the session starts with. Kong sets UTC too: `period_date` and `ttl` depend on the session's time zone.
fn options(settings: &PostgresSettings) -> String {
    let mut options = String::from("-c timezone=UTC");
    if let Some(schema) = &settings.schema {
        // A space would end the option, so it is escaped the way the server's own parser wants it.
        options.push_str(" -c search_path=");
        options.push_str(&schema.replace('\\', "\\\\").replace(' ', "\\ "));
    }
    options
}
