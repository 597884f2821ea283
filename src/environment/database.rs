//! Databases and how to connect to them: typed fields, never a connection string.
//!
//! The same fields are translated once for the driver and once for PostgreSQL's client tools (in `gateway/live`), and compared
//! with Kong's own `pg_*` settings.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Problem;
use super::{Access, SecretReference};

/// A database that Kong or a proof lives in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The system behind it.
    #[serde(default)]
    pub kind: DatabaseKind,
    /// Host name, address, or the directory of a Unix socket. A direct connection, never a transaction pooler.
    pub host: String,
    /// TCP port, also part of the socket's name.
    #[serde(default = "default_port")]
    pub port: u16,
    /// The database's name on the server.
    pub database: String,
    /// The schema that Kong's tables are in (`pg_schema`).
    #[serde(default = "default_schema")]
    pub schema: String,
    /// The role that owns Kong's tables.
    pub user: String,
    /// The password of `user`.
    pub password: Option<SecretReference>,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: Tls,
    /// The certificate authority to trust, PEM.
    pub ca: Option<PathBuf>,
    /// The client's certificate, PEM.
    pub certificate: Option<PathBuf>,
    /// The client's key, PEM.
    pub key: Option<PathBuf>,
    /// The role that creates, renames and ends sessions; `user` itself where this is absent.
    pub admin: Option<DatabaseAdmin>,
    /// The pooler through which Kong connects, as people know it, such as `pgbouncer.internal:6432`, or what else translates addresses on
    /// the way. It hides whose sessions the server sees, so that a person is asked where they would have told.
    pub pooler: Option<String>,
    /// The Redis servers (by their names in this file) in which the plugins of its configuration count, where they count in Redis. What
    /// is counted in one that is named is carried to the other side's; of others it is told what may pass again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redis: Vec<String>,
    /// The database (by its name in this file) on whose server proofs of a backup run.
    pub scratch: Option<String>,
    /// What sessions on it are opened for. Here and not beside it, so that no session is opened without asking, and whatever is
    /// derived from this database inherits it.
    #[serde(skip)]
    pub access: Access,
}

/// The role for work that the owner of the tables may not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseAdmin {
    /// The role's name.
    pub user: String,
    /// Its password.
    pub password: Option<SecretReference>,
    /// The database to connect to for work on other databases; also where the world's lock is held.
    #[serde(default = "default_maintenance")]
    pub database: String,
}

/// The system behind a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseKind {
    /// PostgreSQL.
    #[default]
    Postgres,
    /// Cassandra. Refused here: its nodes are described under `[cassandra]`.
    Cassandra,
}

/// How a database connection is protected, in libpq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Encrypted, the server's certificate and its name verified.
    #[default]
    VerifyFull,
    /// Encrypted, the server's certificate verified, its name not.
    VerifyCa,
    /// Encrypted, the server not verified.
    Require,
    /// Not encrypted.
    Off,
}

fn default_port() -> u16 {
    5432
}

fn default_schema() -> String {
    "public".to_owned()
}

fn default_maintenance() -> String {
    "postgres".to_owned()
}

impl DatabaseKind {
    /// Whether it is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        *self == Self::Postgres
    }
}

impl Database {
    pub(super) fn check(&self, name: &str) -> Result<(), Problem> {
        match self.kind {
            DatabaseKind::Postgres => Ok(()),
            DatabaseKind::Cassandra => Err(Problem::kind(name)),
        }
    }
}
