//! Taking back what was carried: from rows that are still there, and never below 0.

use super::super::error::PostgresError;
use super::round::{GIVE_WAY, again_if_in_the_way, open};
use super::tables::{Counters, counters};
use super::{books, statistics};
use crate::environment::Database;

/// What becomes of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Books {
    /// They stay, so that rounds can begin again.
    Stay,
    /// They go: the database is to be as it was found.
    Go,
}

/// Takes away from the counters of `database` what came from the other side.
pub async fn take_back(database: &Database, books_then: Books) -> Result<(), PostgresError> {
    again_if_in_the_way(async || attempt(database, books_then).await).await
}

async fn attempt(database: &Database, books_then: Books) -> Result<(), PostgresError> {
    let session = open(database).await?;
    books::begin(&session).await?;
    session
        .batch_execute(GIVE_WAY)
        .await
        .map_err(PostgresError::query("give way to Kong"))?;
    let all = counters(&session, &database.schema).await?;
    for counters in &all {
        if books::has_books(&session, counters).await? {
            session
                .batch_execute(&statement(counters))
                .await
                .map_err(PostgresError::query(format!(
                    "take back what was carried into `{}`",
                    counters.name()
                )))?;
        }
    }
    statistics::take_back(&session, &database.schema).await?;
    if books_then == Books::Go {
        books::remove(&session, &database.schema, &all).await?;
    }
    session
        .batch_execute("COMMIT")
        .await
        .map_err(PostgresError::query("end taking back what was carried"))?;
    session.close().await;
    Ok(())
}

/// Takes the books away, and leaves the counters as they are.
pub async fn close(database: &Database) -> Result<(), PostgresError> {
    let session = open(database).await?;
    books::begin(&session).await?;
    let all = counters(&session, &database.schema).await?;
    books::remove(&session, &database.schema, &all).await?;
    session
        .batch_execute("COMMIT")
        .await
        .map_err(PostgresError::query("take the books of a gap away"))?;
    session.close().await;
    Ok(())
}

fn statement(counters: &Counters) -> String {
    format!(
        "WITH mine AS MATERIALIZED (SELECT {key}, carried FROM {books} WHERE carried > 0),
              back AS (UPDATE {table} AS c SET {count} = greatest(coalesce(c.{count}, 0) - mine.carried, 0) FROM mine WHERE {same_row})
         UPDATE {books} AS b SET seen = greatest(b.seen - mine.carried, 0), carried = 0 FROM mine WHERE {same_book}",
        key = counters.key(),
        books = counters.books(),
        table = counters.table(),
        count = counters.count(),
        same_row = counters.same("c", "mine"),
        same_book = counters.same("b", "mine"),
    )
}
