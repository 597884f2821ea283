//! What configuration a copy held before clients came, so that what is written there later can be told: in the copy itself, since
//! whoever asks later need not have the storage of whoever noted it.

use super::super::error::PostgresError;
use super::held::{
    Moment, changes, configured_tables, is_noted, note, rows_now, rows_then, written,
};
use super::round::open;
use crate::environment::Database;
use crate::gateway::TableWrites;

/// Notes what `copy` holds now, in place of what was noted before.
pub async fn note_configuration(copy: &Database) -> Result<(), PostgresError> {
    note_at(copy, Moment::Proven).await
}

/// Notes what a fresh copy holds, before it is migrated.
pub async fn note_copied(copy: &Database) -> Result<(), PostgresError> {
    note_at(copy, Moment::Copied).await
}

async fn note_at(copy: &Database, moment: Moment) -> Result<(), PostgresError> {
    let session = open(copy).await?;
    let doing = || PostgresError::query("note what a copy holds");
    session.batch_execute("BEGIN").await.map_err(doing())?;
    note(&session, &copy.schema, moment).await?;
    session.batch_execute("COMMIT").await.map_err(doing())?;
    session.close().await;
    Ok(())
}

/// What was configured in `copy` since; nothing where it was not noted what it held.
pub async fn configured(copy: &Database) -> Result<Option<Vec<TableWrites>>, PostgresError> {
    let session = open(copy).await?;
    if !is_noted(&session, &copy.schema, Moment::Proven).await? {
        session.close().await;
        return Ok(None);
    }
    let tables = configured_tables(&session, &copy.schema).await?;
    let then = rows_then(&copy.schema, Moment::Proven);
    let now = rows_now(&tables);
    let found = written(
        &session,
        &then,
        &now,
        &changes("TABLE earlier", "TABLE now"),
    )
    .await;
    session.close().await;
    found.map(Some)
}
