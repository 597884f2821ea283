//! What our roles may do, and which ways back remain because of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::PostgresError;
use super::session::Session;
use super::session_list::sessions;

/// What the connected role may do with a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent facts, as the server states them"
)]
pub struct Privileges {
    /// The role.
    pub role: String,
    /// It is a superuser, under which a dump must never be restored.
    pub superuser: bool,
    /// It may create and rename databases.
    pub create_database: bool,
    /// It may end the sessions of other roles that are no superusers.
    pub signal_backend: bool,
    /// It is a member of the database's owner, or the owner itself.
    pub acts_as_owner: bool,
    /// It is a member of the owners of every table in Kong's schema, or all of them itself; absent where the session is connected to another database.
    pub owns_tables: Option<bool>,
}

/// Which strategies for a restore remain, with the reasons against each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategies {
    /// Why the database cannot be swapped by renaming; empty where it can.
    pub against_swap: Vec<Obstacle>,
    /// Why no new database can be made beside it; empty where it can.
    pub against_repoint: Vec<Obstacle>,
}

/// Why a strategy does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The role lacks CREATEDB.
    CreateDatabase,
    /// The role is not a member of the database's owner.
    Ownership,
    /// Logical replication slots would follow the retired database.
    LogicalSlots(Vec<String>),
    /// Prepared transactions keep the database from being renamed.
    PreparedTransactions(Vec<String>),
    /// A session that we may not end: process id and role.
    Session {
        /// The backend's process id.
        pid: i32,
        /// The role.
        user: String,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateDatabase => {
                formatter.write_str("our role may not create databases (`CREATEDB`)")
            }
            Self::Ownership => formatter.write_str("our role is no member of the database's owner"),
            Self::LogicalSlots(slots) => write!(
                formatter,
                "logical replication slots would follow the retired database: `{}`",
                slots.join("`, `")
            ),
            Self::PreparedTransactions(transactions) => write!(
                formatter,
                "prepared transactions keep it from being renamed: `{}`",
                transactions.join("`, `")
            ),
            Self::Session { pid, user } => write!(
                formatter,
                "the session {pid} of `{user}` is connected to it, and our role may not end it"
            ),
        }
    }
}

/// What the role of `session` may do with the database called `name`, whose Kong tables are in `schema`.
pub async fn privileges(
    session: &Session,
    name: &str,
    schema: &str,
) -> Result<Privileges, PostgresError> {
    let row = session
        .query_one(
            "SELECT r.rolname::text, r.rolsuper, r.rolcreatedb OR r.rolsuper, pg_has_role('pg_signal_backend', 'USAGE'),
                    coalesce((SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_catalog.pg_database d WHERE d.datname = $1), false),
                    CASE WHEN current_database() = $1 THEN coalesce((SELECT bool_and(pg_has_role(c.relowner, 'USAGE'))
                      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                      WHERE n.nspname = $2 AND c.relkind IN ('r', 'p', 'S', 'v', 'm')), true) END
             FROM pg_catalog.pg_roles r WHERE r.rolname = current_user",
            &[&name, &schema],
        )
        .await
        .map_err(PostgresError::query("read our privileges"))?;
    Ok(Privileges {
        role: row.get(0),
        superuser: row.get(1),
        create_database: row.get(2),
        signal_backend: row.get(3),
        acts_as_owner: row.get(4),
        owns_tables: row.get(5),
    })
}

/// Which strategies remain for the database called `name`, judged with the privileges of `session`.
pub(super) async fn strategies(
    session: &Session,
    name: &str,
    privileges: &Privileges,
) -> Result<Strategies, PostgresError> {
    let mut both = Vec::new();
    if !privileges.create_database {
        both.push(Obstacle::CreateDatabase);
    }
    if !privileges.acts_as_owner {
        both.push(Obstacle::Ownership);
    }
    let mut against_swap = both.clone();
    let slots = logical_slots(session, name).await?;
    if !slots.is_empty() {
        against_swap.push(Obstacle::LogicalSlots(slots));
    }
    let prepared = prepared_transactions(session, name).await?;
    if !prepared.is_empty() {
        against_swap.push(Obstacle::PreparedTransactions(prepared));
    }
    for other in sessions(session, name).await? {
        if !other.endable {
            against_swap.push(Obstacle::Session {
                pid: other.pid,
                user: other.user,
            });
        }
    }
    Ok(Strategies {
        against_swap,
        against_repoint: both,
    })
}

/// The logical replication slots of the database called `name`.
pub(super) async fn logical_slots(
    session: &Session,
    name: &str,
) -> Result<Vec<String>, PostgresError> {
    names(
        session,
        "SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE database = $1 ORDER BY 1",
        name,
        "list replication slots",
    )
    .await
}

/// The prepared transactions of the database called `name`.
pub(super) async fn prepared_transactions(
    session: &Session,
    name: &str,
) -> Result<Vec<String>, PostgresError> {
    names(
        session,
        "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = $1 ORDER BY 1",
        name,
        "list prepared transactions",
    )
    .await
}

async fn names(
    session: &Session,
    statement: &str,
    name: &str,
    doing: &str,
) -> Result<Vec<String>, PostgresError> {
    let rows = session
        .query(statement, &[&name])
        .await
        .map_err(PostgresError::query(doing))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
