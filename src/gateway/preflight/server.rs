//! A database and its server, as the owner of Kong's tables and the administering role see them.

use std::collections::{BTreeMap, BTreeSet};

use crate::kong::advisories::Known;

/// What the owner of Kong's tables sees.
#[derive(Debug, Clone, Default)]
pub struct ServerFacts {
    /// The server's major version.
    pub major: u32,
    /// Whether Kong's tables are there.
    pub has_tables: bool,
    /// Whether the server follows another one and takes no writes.
    pub is_standby: bool,
    /// What the role may not do.
    pub lacks: BTreeSet<Privilege>,
    /// How the server encrypts passwords from now on.
    pub password_encryption: String,
    /// How many sessions there may be.
    pub seats: Seats,
    /// Settings that the role or the database has of its own.
    pub settings: BTreeMap<String, String>,
    /// Rows of Kong's lock on migrations.
    pub locks: Vec<KongLock>,
    /// Whether the workspace `default` is there; `None` where there are no workspaces.
    pub has_default_workspace: Option<bool>,
    /// The collation's version as the database was made, and as the system has it now, where they differ.
    pub collation: Known<Option<Versions>>,
    /// Extensions in it that only a superuser can make anew.
    pub extensions: BTreeSet<String>,
    /// Kong's tables by their names.
    pub tables: BTreeMap<String, TableSize>,
    /// How many milliseconds the server's clock is ahead of ours.
    pub ahead: i64,
    /// The major versions of client tools that are installed here.
    pub tools: BTreeSet<u32>,
}

/// Something that a role needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privilege {
    /// To create tables in Kong's schema.
    CreateTables,
    /// To be the owner of Kong's tables, or a member of it.
    OwnTables,
    /// To create databases.
    CreateDatabases,
    /// To be the owner of the database, or a member of it.
    OwnDatabase,
}

/// How many sessions a server has room for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seats {
    /// `max_connections`, less what is reserved.
    pub free_to_all: u64,
    /// What the role or the database is limited to.
    pub limit: Option<u64>,
    /// How many there are on the whole server.
    pub taken: u64,
}

/// A row of Kong's lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KongLock {
    /// Who holds it, as it called itself.
    pub owner: String,
    /// Whether its time is over.
    pub is_over: bool,
}

/// Two versions of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// That which is written down.
    pub recorded: String,
    /// That which is there.
    pub found: String,
}

/// How large a table is, as the server estimates it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableSize {
    /// Bytes with indexes.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// Rows that are gone and not cleaned up.
    pub dead: u64,
}

/// What the administering role sees.
#[derive(Debug, Clone, Default)]
pub struct Administered {
    /// What the role may not do.
    pub lacks: BTreeSet<Privilege>,
    /// Sessions on the database of which it is shown nothing.
    pub hidden_sessions: u64,
    /// Transactions that were prepared and not ended.
    pub prepared: Vec<String>,
    /// Logical replication slots.
    pub slots: Vec<String>,
    /// Databases that bear a mark of cutover's and that the environment does not name.
    pub copies: Vec<LeftCopy>,
    /// Who holds the environment's lock.
    pub lock_holder: Option<String>,
}

/// A database that a run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftCopy {
    /// Its name on the server.
    pub name: String,
    /// The run that made it or put it aside.
    pub run: String,
    /// Whether it was live until a swap.
    pub is_retired: bool,
    /// Its bytes.
    pub bytes: u64,
}
