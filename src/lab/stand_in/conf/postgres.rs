//! The `pg_*` settings: how a node and a command reach their database.

use std::fmt;
use std::time::Duration;

/// The `pg_*` settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresSettings {
    /// A host name, an address, or the directory of a Unix socket.
    pub host: String,
    /// The TCP port, also part of a Unix socket's name.
    pub port: u16,
    /// The role.
    pub user: String,
    /// Its password; empty for none.
    pub password: Password,
    /// The database's name.
    pub database: String,
    /// The schema, where one is set.
    pub schema: Option<String>,
    /// How the connection is protected.
    pub tls: PostgresTls,
    /// How long connecting and each statement may take.
    pub timeout: Duration,
}

/// `pg_ssl` and `pg_ssl_verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostgresTls {
    /// Plain.
    Off,
    /// Encrypted, the server's certificate not checked.
    On,
    /// Encrypted, the server's certificate checked.
    Verify,
}

/// A password, which never shows in a debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "none" } else { "******" })
    }
}
