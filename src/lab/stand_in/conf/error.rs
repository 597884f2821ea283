//! What can be wrong with a configuration, in Kong's words.

use std::path::PathBuf;

/// Why a configuration cannot be used, in Kong's words.
#[derive(Debug, thiserror::Error)]
pub enum ConfError {
    /// `-c` names no file.
    #[error("no file at: {}", .0.display())]
    NoFile(PathBuf),
    /// The file cannot be read.
    #[error("could not read configuration file at: {}", .0.display())]
    Unreadable(PathBuf),
    /// A number was wanted.
    #[error("{key} is not a number: '{value}'")]
    NotANumber {
        /// The setting.
        key: String,
        /// What it holds.
        value: String,
    },
    /// `on` or `off` was wanted.
    #[error("{key} is not a boolean: '{value}'")]
    NotABoolean {
        /// The setting.
        key: String,
        /// What it holds.
        value: String,
    },
    /// A listener that cannot be read.
    #[error(
        "{key} must be of form: [off] | <ip>:<port> [ssl] [http2] [proxy_protocol] [deferred] [bind] [reuseport] [backlog=%d+], [... next entry ...]"
    )]
    Listen {
        /// The setting.
        key: String,
    },
    /// `lua_ssl_trusted_certificate` names no file.
    #[error("lua_ssl_trusted_certificate: no such file at {}", .0.display())]
    NoTrustedCertificate(PathBuf),
    /// A value outside a closed list.
    #[error("{key} has an invalid value: '{value}' (postgres, off)")]
    Database {
        /// The setting.
        key: String,
        /// What it holds.
        value: String,
    },
    /// `role` outside its closed list.
    #[error("role has an invalid value: '{0}' (data_plane, control_plane, traditional)")]
    Role(String),
    /// A role without what it needs.
    #[error("{0}")]
    Hybrid(String),
    /// A control plane forgets its data planes too soon.
    #[error("cluster_data_plane_purge_delay must be 60 or greater")]
    PurgeDelay,
}
