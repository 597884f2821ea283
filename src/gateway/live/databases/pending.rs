//! What `schema_meta` says is pending, whichever version of Kong would know of it.

use crate::environment::Database;
use crate::gateway::Failure;
use crate::gateway::live::postgres::{self, PostgresError, Role};
use crate::kong::migrations::Names;

/// The pending migrations of every subsystem that has some.
pub(super) async fn migrations(database: &Database) -> Result<Names, Failure> {
    let statement = format!(
        "SELECT subsystem, pending FROM {}.schema_meta WHERE key = 'schema_meta' AND cardinality(pending) > 0",
        postgres::identifier(&database.schema)
    );
    let rows = postgres::connect(database, Role::Owner, None)
        .await?
        .query(&statement, &[])
        .await
        .map_err(PostgresError::query("read the pending migrations"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
