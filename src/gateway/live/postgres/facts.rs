//! Everything that a plan wants to know of a database before anything is touched, read in one go.

use serde::{Deserialize, Serialize};

use super::catalog::{Description, describe};
use super::class::Class;
use super::error::PostgresError;
use super::privileges::{
    Privileges, Strategies, logical_slots, prepared_transactions, privileges, strategies,
};
use super::session::{Role, Session, connect};
use super::session_list::{OtherSession, sessions};
use crate::environment::Database;

/// The facts of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The server's version in words, such as `15.18`.
    pub server_version: String,
    /// Its major version.
    pub server_major: u32,
    /// The database itself.
    pub description: Description,
    /// Its tables.
    pub tables: Vec<EstimatedTable>,
    /// Who else is connected to it.
    pub sessions: Vec<OtherSession>,
    /// What the owner of the tables may do.
    pub owner: Privileges,
    /// What the administering role may do.
    pub admin: Privileges,
    /// Logical replication slots on it.
    pub logical_slots: Vec<String>,
    /// Prepared transactions in it.
    pub prepared_transactions: Vec<String>,
    /// Which ways of restoring remain.
    pub strategies: Strategies,
}

/// A table by the server's statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimatedTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What kind of rows it holds.
    pub class: Class,
    /// Estimated rows; absent before the first ANALYZE.
    pub rows: Option<u64>,
    /// Bytes with indexes.
    pub bytes: u64,
}

/// Reads the facts of `database`.
pub async fn facts(database: &Database) -> Result<Facts, PostgresError> {
    let name = &database.database;
    let owner = connect(database, Role::Owner, None).await?;
    let admin = connect(database, Role::Admin, None).await?;
    let (server_version, server_major) = server_version(&owner).await?;
    let description = describe(&owner, name)
        .await?
        .ok_or_else(|| PostgresError::Missing {
            database: name.clone(),
        })?;
    let our_own: i32 = owner
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .map_err(PostgresError::query("read our own process id"))?
        .get(0);
    let administering = privileges(&admin, name, &database.schema).await?;
    let mut others = sessions(&admin, name).await?;
    others.retain(|session| session.pid != our_own);
    let mut facts = Facts {
        server_version,
        server_major,
        description,
        tables: estimated_tables(&owner, &database.schema).await?,
        sessions: others,
        owner: privileges(&owner, name, &database.schema).await?,
        logical_slots: logical_slots(&admin, name).await?,
        prepared_transactions: prepared_transactions(&admin, name).await?,
        strategies: Strategies {
            against_swap: Vec::new(),
            against_repoint: Vec::new(),
        },
        admin: administering,
    };
    // Our own session must not count among those that cannot be ended.
    owner.close().await;
    facts.strategies = strategies(&admin, name, &facts.admin).await?;
    admin.close().await;
    Ok(facts)
}

/// The server's version in words and its major number.
pub(super) async fn server_version(session: &Session) -> Result<(String, u32), PostgresError> {
    let row = session
        .query_one(
            "SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('server_version_num')::int / 10000",
            &[],
        )
        .await
        .map_err(PostgresError::query("read the server's version"))?;
    Ok((row.get(0), row.get::<_, i32>(1).unsigned_abs()))
}

async fn estimated_tables(
    session: &Session,
    kong_schema: &str,
) -> Result<Vec<EstimatedTable>, PostgresError> {
    let rows = session
        .query(
            "SELECT n.nspname::text, c.relname::text, c.reltuples::float8, coalesce(pg_total_relation_size(c.oid), 0)
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND c.relpersistence <> 't'
               AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
             ORDER BY 1, 2",
            &[],
        )
        .await
        .map_err(PostgresError::query("list tables"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let (schema, name): (String, String) = (row.get(0), row.get(1));
            let rows: f64 = row.get(2);
            EstimatedTable {
                class: Class::of(kong_schema, &schema, &name),
                schema,
                name,
                rows: estimate(rows),
                bytes: row.get::<_, i64>(3).unsigned_abs(),
            }
        })
        .collect())
}

/// The server's estimate, which is -1 where there is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of rows is a whole number, not negative here, and far below 2^53"
)]
fn estimate(rows: f64) -> Option<u64> {
    (rows >= 0.0).then_some(rows as u64)
}
