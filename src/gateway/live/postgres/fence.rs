//! A fence around a database: nobody gets in, whatever version of Kong somebody starts on a host that was forgotten.

use super::error::PostgresError;
use super::session::{Role, connect};
use super::swap::{allow, end_sessions};
use crate::environment::Database;

/// Whether a database lets nobody in.
pub async fn is_fenced(database: &Database) -> Result<bool, PostgresError> {
    let session = connect(database, Role::Admin, None).await?;
    let asked = session
        .query_opt(
            "SELECT datallowconn FROM pg_catalog.pg_database WHERE datname = $1",
            &[&database.database],
        )
        .await
        .map_err(PostgresError::query(
            "look whether a database lets anybody in",
        ))?;
    let admitted: Option<bool> = asked.map(|row| row.get(0));
    Ok(admitted == Some(false))
}

/// Closes a database and ends every session on it, or opens it again.
pub async fn set_fence(database: &Database, fenced: bool) -> Result<(), PostgresError> {
    let session = connect(database, Role::Admin, None).await?;
    allow(&session, &database.database, !fenced).await?;
    if fenced {
        end_sessions(&session, &database.database).await?;
    }
    Ok(())
}
