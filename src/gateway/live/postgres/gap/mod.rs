//! The gap between a database and a copy of it that goes live: what each side counted since, and carrying it to the other.
//!
//! ```text
//! copy made ─► books ─► round: own of one side ──COPY──► the other side, in one transaction with its books
//!                   ├─► measure: the same rows, compared and thrown away
//!                   ├─► statistics: rows of one side's nodes, copied to the other
//!                   ├─► configured: what people wrote on the other side
//!                   ├─► configuration: what people wrote on the first side, brought over from a second copy
//!                   └─► tokens: what clients were given and what was taken from them, each way
//! ```

mod books;
mod configuration;
mod configured;
mod held;
mod measure;
mod pipe;
mod round;
mod statistics;
mod tables;
mod take_back;
mod tokens;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

pub use configuration::bring_configuration;
pub use configured::{configured, note_configuration, note_copied};
pub use measure::{counted, counting_plugins, gap_of, lacking};
pub use round::carry;
pub use statistics::holes_of;
pub use take_back::{Books, close, take_back};
pub use tokens::catch_up;

pub use crate::gateway::{Counted, Given, Lacking, TableTotals, Totals};

use super::error::PostgresError;
use super::quote::literal;
use crate::environment::Database;

/// A gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What it is known by: the digest of the dump from which the copy was made.
    pub id: String,
    /// When it began.
    pub since: Timestamp,
    /// The copy, as its server calls it.
    pub copy: String,
    /// Whether the database in which this was found is the copy, and not what was copied.
    pub is_copy: bool,
}

impl Gap {
    /// What it is known by where names should be short: in Redis beside each counter.
    #[must_use]
    pub fn short(&self) -> String {
        let digest = Sha256::digest(self.id.as_bytes());
        hex::encode(&digest[..6])
    }

    /// When it began, as a moment in SQL.
    fn since_sql(&self) -> String {
        format!("{}::timestamptz", literal(&self.since.to_string()))
    }
}

/// Keeps what the counters of a fresh copy hold, before anybody counts there. Answers how many, by table.
pub async fn begin(copy: &Database, gap: &Gap) -> Result<Vec<(String, u64)>, PostgresError> {
    let session = round::open(copy).await?;
    books::begin(&session).await?;
    let all = tables::counters(&session, &copy.schema).await?;
    // What came with the copy is another gap's.
    books::remove(&session, &copy.schema, &all).await?;
    let rows = books::make_of_copy(&session, &copy.schema, gap, &all).await?;
    tokens::begin(&session, &copy.schema).await?;
    session
        .batch_execute("COMMIT")
        .await
        .map_err(PostgresError::query("keep what the copy's counters hold"))?;
    session.close().await;
    let names = all.iter().map(|counters| counters.name().to_owned());
    Ok(names.zip(rows).collect())
}

/// How much in the counters of `database` came from the other side.
pub async fn carried_into(database: &Database) -> Result<Totals, PostgresError> {
    let session = round::open(database).await?;
    let all = tables::counters(&session, &database.schema).await?;
    let totals = books::carried(&session, &all).await;
    session.close().await;
    totals
}

/// The tables of counters that a database has.
pub async fn tables_of(database: &Database) -> Result<Vec<String>, PostgresError> {
    let session = round::open(database).await?;
    let all = tables::counters(&session, &database.schema).await?;
    session.close().await;
    Ok(all.iter().map(|one| one.name().to_owned()).collect())
}
