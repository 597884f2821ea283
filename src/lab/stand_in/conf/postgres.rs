//! The `pg_*` settings: how a node and a command reach their database.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::ConfError;

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

/// `pg_ssl` and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostgresTls {
    /// Plain.
    Off,
    /// Encrypted.
    On {
        /// What becomes of a server that does not offer it.
        unoffered: Unoffered,
        /// The authorities of `pg_ssl_verify`; the server's certificate is not checked where there are none.
        authorities: Option<Vec<PathBuf>>,
    },
}

/// What becomes of a server that offers no TLS (`pg_ssl_required`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unoffered {
    /// It is spoken to in plain text.
    Accepted,
    /// It is refused.
    Refused,
}

/// The TLS that the settings ask for. Kong names the authorities in `lua_ssl_trusted_certificate`, a list of files in which
/// `system` stands for the machine's own; the stand-in, which meets private authorities only, has none of those.
pub(super) fn tls(
    ssl: bool,
    required: bool,
    verify: bool,
    trusted: &str,
) -> Result<PostgresTls, ConfError> {
    let files: Vec<PathBuf> = trusted
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "system")
        .map(PathBuf::from)
        .collect();
    // Kong looks for the files whether or not anything uses them.
    if let Some(absent) = files.iter().find(|file| !file.exists()) {
        return Err(ConfError::NoTrustedCertificate(absent.clone()));
    }
    if !ssl {
        return Ok(PostgresTls::Off);
    }
    Ok(PostgresTls::On {
        unoffered: if required {
            Unoffered::Refused
        } else {
            Unoffered::Accepted
        },
        authorities: verify.then_some(files),
    })
}

/// A password, which never shows in a debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "none" } else { "******" })
    }
}
