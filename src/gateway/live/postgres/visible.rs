//! Rows as a person may see them: small configuration tables, columns that hold no secrets, a digest of the rest.

use std::collections::BTreeMap;

use super::class::Class;
use super::digest::{Table, tables};
use super::error::PostgresError;
use super::quote::qualified;
use super::session::{Role, Session, connect};
use crate::environment::Database;
use crate::kong::changes::{OTHER, VISIBLE, VisibleRows};

/// Tables with more rows are left out: nobody reads so many lines.
const LARGEST: usize = 1_000;

/// What may be seen of `database`.
pub async fn visible_rows(database: &Database) -> Result<VisibleRows, PostgresError> {
    let session = connect(database, Role::Owner, None)
        .await?
        .without_limits()
        .await?;
    let mut visible = VisibleRows::new();
    for table in tables(&session).await? {
        let has_key = table.columns.iter().any(|(column, _)| column == "id");
        let is_kongs = table.schema == database.schema;
        let class = Class::of(&database.schema, &table.schema, &table.name);
        if has_key
            && is_kongs
            && class == Class::Configuration
            && let Some(rows) = rows_of(&session, &table).await?
        {
            visible.insert(table.name.clone(), rows);
        }
    }
    session.close().await;
    Ok(visible)
}

/// The rows of one table, unless there are too many.
async fn rows_of(
    session: &Session,
    table: &Table,
) -> Result<Option<BTreeMap<String, BTreeMap<String, String>>>, PostgresError> {
    // A column that is new and empty is no change of a row.
    let statement = format!(
        "SELECT id::text, jsonb_strip_nulls(to_jsonb(t)) AS whole FROM ONLY {} AS t LIMIT {}",
        qualified(&table.schema, &table.name),
        LARGEST + 1
    );
    let visible: Vec<&str> = VISIBLE.to_vec();
    let statement = format!(
        "SELECT id, coalesce((SELECT array_agg(key ORDER BY key) FROM jsonb_each_text(whole) WHERE key = ANY ($1)), '{{}}'),
                coalesce((SELECT array_agg(value ORDER BY key) FROM jsonb_each_text(whole) WHERE key = ANY ($1)), '{{}}'),
                encode(sha256(convert_to((whole - $1::text[])::text, 'UTF8')), 'hex')
         FROM ({statement}) AS rows"
    );
    let rows = session
        .query(&statement, &[&visible])
        .await
        .map_err(PostgresError::query(format!(
            "read the rows of `{}.{}`",
            table.schema, table.name
        )))?;
    if rows.len() > LARGEST {
        return Ok(None);
    }
    let seen = rows.iter().map(|row| {
        let (names, values): (Vec<String>, Vec<String>) = (row.get(1), row.get(2));
        let mut columns: BTreeMap<String, String> = names.into_iter().zip(values).collect();
        columns.insert(OTHER.to_owned(), row.get(3));
        (row.get(0), columns)
    });
    Ok(Some(seen.collect()))
}
