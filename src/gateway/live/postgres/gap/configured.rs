//! What configuration a copy held before clients came, so that what is written there later can be told: in a book of its own, since
//! whoever asks later need not have the storage of whoever noted it.

use super::super::class::BOOKS;
use super::super::error::PostgresError;
use super::super::quote::qualified;
use super::super::rows::{Baseline, baseline, writes};
use super::round::open;
use crate::environment::Database;
use crate::gateway::TableWrites;

/// Notes what `copy` holds now, in place of what was noted before.
pub async fn note_configuration(copy: &Database) -> Result<(), PostgresError> {
    let held = baseline(copy).await?;
    let held = serde_json::to_value(&held).expect("a baseline has string keys only");
    let session = open(copy).await?;
    let book = book(&copy.schema);
    let doing = || PostgresError::query("note what a copy holds");
    session
        .batch_execute(&format!(
            "BEGIN; CREATE TABLE IF NOT EXISTS {book} (held jsonb NOT NULL); DELETE FROM {book}"
        ))
        .await
        .map_err(doing())?;
    let insert = format!("INSERT INTO {book} (held) VALUES ($1)");
    session.execute(&insert, &[&held]).await.map_err(doing())?;
    session.batch_execute("COMMIT").await.map_err(doing())?;
    session.close().await;
    Ok(())
}

/// What was configured in `copy` since; nothing where it was not noted what it held.
pub async fn configured(copy: &Database) -> Result<Option<Vec<TableWrites>>, PostgresError> {
    let Some(held) = held(copy).await? else {
        return Ok(None);
    };
    let written = writes(copy, &held.digest, &held.rows).await?;
    Ok(Some(written.configuration))
}

async fn held(copy: &Database) -> Result<Option<Baseline>, PostgresError> {
    let session = open(copy).await?;
    let book = book(&copy.schema);
    let doing = || PostgresError::query("read what a copy held");
    let there = session
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&book])
        .await
        .map_err(doing())?;
    let row = if there.get(0) {
        let question = format!("SELECT held FROM {book}");
        session.query_opt(&question, &[]).await.map_err(doing())?
    } else {
        None
    };
    session.close().await;
    // What this version does not understand is as if it was never noted.
    Ok(row.and_then(|row| serde_json::from_value(row.get(0)).ok()))
}

/// The table of ours that has it.
pub(super) fn book(schema: &str) -> String {
    qualified(schema, &format!("{BOOKS}_configuration"))
}
