//! What clients were given while both sides were there: tokens, codes, sessions, certificates. What was taken from them comes first.
//!
//! The copy keeps which rows both sides had. What only one of them has by now is new there; what one of them does not have any more was
//! taken away there, and goes from the other too. A row that was changed in place is left as it is on each side.

use super::super::class::BOOKS;
use super::super::error::PostgresError;
use super::super::quote::{identifier, qualified};
use super::super::session::Session;
use super::pipe::pipe;
use super::round::{self, GIVE_WAY, open};
use super::{Given, books};
use crate::environment::Database;

/// The tables, with their migrations' rows known by `id`.
const TABLES: [&str; 4] = [
    "oauth2_tokens",
    "oauth2_authorization_codes",
    "sessions",
    "acme_storage",
];

/// Keeps which rows a fresh copy has, in the transaction that `session` is in.
pub(super) async fn begin(session: &Session, schema: &str) -> Result<(), PostgresError> {
    for table in TABLES {
        if columns(session, schema, table).await?.is_empty() {
            continue;
        }
        let statement = format!(
            "CREATE TABLE {known} AS SELECT id FROM {table}; ALTER TABLE {known} ADD PRIMARY KEY (id)",
            known = known(schema, table),
            table = qualified(schema, table),
        );
        session
            .batch_execute(&statement)
            .await
            .map_err(PostgresError::query(format!(
                "keep which rows `{table}` had"
            )))?;
    }
    Ok(())
}

/// The tables of ours that keep them.
pub(super) fn kept(schema: &str) -> impl Iterator<Item = String> {
    TABLES.map(|table| known(schema, table)).into_iter()
}

/// Brings `copy`, and with `both` also `original`, what the other side gave its clients and took from them.
pub async fn catch_up(
    original: &Database,
    copy: &Database,
    both: bool,
) -> Result<Given, PostgresError> {
    round::again_if_in_the_way(async || attempt(original, copy, both).await).await
}

async fn attempt(original: &Database, copy: &Database, both: bool) -> Result<Given, PostgresError> {
    let (source, target) = (open(original).await?, open(copy).await?);
    books::begin_with_one_view(&target).await?;
    begin_transaction(&source).await?;
    let mut given = Given::default();
    for table in TABLES {
        let here = columns(&source, &original.schema, table).await?;
        let there = columns(&target, &copy.schema, table).await?;
        if here.is_empty() || there.is_empty() {
            continue;
        }
        let shared: Vec<String> = there.into_iter().filter(|one| here.contains(one)).collect();
        let sides = Sides {
            source: &source,
            target: &target,
            table,
            here: qualified(&original.schema, table),
            there: qualified(&copy.schema, table),
            known: known(&copy.schema, table),
            columns: shared,
        };
        sides.catch_up(both, &mut given).await?;
    }
    // The original first: what it was told is told again if the copy's part of it comes to nothing, and changes nothing then.
    commit(&source).await?;
    commit(&target).await?;
    source.close().await;
    target.close().await;
    Ok(given)
}

struct Sides<'a> {
    source: &'a Session,
    target: &'a Session,
    table: &'static str,
    /// The table in the original.
    here: String,
    /// The table in the copy.
    there: String,
    /// Beside it, which rows both had.
    known: String,
    /// The columns that both have, of which one is `id`.
    columns: Vec<String>,
}

impl Sides<'_> {
    async fn catch_up(&self, both: bool, given: &mut Given) -> Result<(), PostgresError> {
        self.run(
            self.target,
            "CREATE TEMP TABLE here (id uuid PRIMARY KEY) ON COMMIT DROP; CREATE TEMP TABLE new_there (id uuid) ON COMMIT DROP;
             CREATE TEMP TABLE landed (id uuid) ON COMMIT DROP",
        )
        .await?;
        let ids = format!("COPY (SELECT id FROM {}) TO STDOUT", self.here);
        self.pipe(self.source, &ids, self.target, "COPY here FROM STDIN")
            .await?;

        // What was taken away comes first.
        let gone = format!(
            "DELETE FROM {there} AS t USING {known} AS k WHERE t.id = k.id AND NOT EXISTS (SELECT FROM here AS h WHERE h.id = k.id)",
            there = self.there,
            known = self.known,
        );
        given.taken += self.execute(self.target, &gone).await?;
        if both {
            self.run(
                self.source,
                "CREATE TEMP TABLE gone_there (id uuid) ON COMMIT DROP",
            )
            .await?;
            let gone = format!(
                "COPY (SELECT h.id FROM here AS h JOIN {known} AS k ON k.id = h.id
                       WHERE NOT EXISTS (SELECT FROM {there} AS t WHERE t.id = h.id)) TO STDOUT",
                known = self.known,
                there = self.there,
            );
            self.pipe(
                self.target,
                &gone,
                self.source,
                "COPY gone_there FROM STDIN",
            )
            .await?;
            let gone = format!(
                "DELETE FROM {} AS t USING gone_there AS g WHERE t.id = g.id",
                self.here
            );
            given.taken += self.execute(self.source, &gone).await?;
        }
        self.give_to_copy(given).await?;
        if both {
            self.give_to_original(given).await?;
        }
        // From now on both have what both had in this view, and what is new. What the copy took away and the original still has stays known
        // until a round goes that way: forgotten it would be new in the original.
        let waits = if both {
            ""
        } else {
            "AND NOT EXISTS (SELECT FROM here AS h WHERE h.id = k.id)"
        };
        let remember = format!(
            "DELETE FROM {known} AS k WHERE NOT EXISTS (
                 SELECT FROM {there} AS t JOIN here AS h ON h.id = t.id WHERE t.id = k.id) {waits};
             INSERT INTO {known} SELECT t.id FROM {there} AS t
             WHERE EXISTS (SELECT FROM here AS h WHERE h.id = t.id) OR EXISTS (SELECT FROM landed AS l WHERE l.id = t.id)
             ON CONFLICT DO NOTHING",
            known = self.known,
            there = self.there,
        );
        self.run(self.target, &remember).await?;
        self.run(self.target, "DROP TABLE here, new_there, landed")
            .await?;
        if both {
            self.run(self.source, "DROP TABLE gone_there").await?;
        }
        Ok(())
    }

    /// What is new in the original.
    async fn give_to_copy(&self, given: &mut Given) -> Result<(), PostgresError> {
        self.run(
            self.source,
            "CREATE TEMP TABLE wanted (id uuid) ON COMMIT DROP",
        )
        .await?;
        let wanted = format!(
            "COPY (SELECT h.id FROM here AS h WHERE NOT EXISTS (SELECT FROM {known} AS k WHERE k.id = h.id)
                   AND NOT EXISTS (SELECT FROM {there} AS t WHERE t.id = h.id)) TO STDOUT",
            known = self.known,
            there = self.there,
        );
        self.pipe(self.target, &wanted, self.source, "COPY wanted FROM STDIN")
            .await?;
        given.given += self
            .hand_over(self.source, &self.here, "wanted", self.target, &self.there)
            .await?;
        self.run(self.target, "DROP TABLE handed").await?;
        self.run(self.source, "DROP TABLE wanted").await
    }

    /// What is new in the copy.
    async fn give_to_original(&self, given: &mut Given) -> Result<(), PostgresError> {
        let new = format!(
            "INSERT INTO new_there SELECT t.id FROM {there} AS t WHERE NOT EXISTS (SELECT FROM {known} AS k WHERE k.id = t.id)
             AND NOT EXISTS (SELECT FROM here AS h WHERE h.id = t.id)",
            known = self.known,
            there = self.there,
        );
        self.run(self.target, &new).await?;
        given.given += self
            .hand_over(
                self.target,
                &self.there,
                "new_there",
                self.source,
                &self.here,
            )
            .await?;
        // One whose key the original has under another id stays where it is, and is not what both have.
        let landed = format!(
            "COPY (SELECT t.id FROM {} AS t JOIN handed AS h ON h.id = t.id) TO STDOUT",
            self.here
        );
        self.pipe(self.source, &landed, self.target, "COPY landed FROM STDIN")
            .await?;
        self.run(self.source, "DROP TABLE handed").await
    }

    /// Inserts those rows of a table that are named in `which` into the table of the other side, where they are absent. What was handed over
    /// stays there as `handed`.
    async fn hand_over(
        &self,
        from: &Session,
        from_table: &str,
        which: &str,
        to: &Session,
        to_table: &str,
    ) -> Result<u64, PostgresError> {
        let names: Vec<String> = self.columns.iter().map(|name| identifier(name)).collect();
        let names = names.join(", ");
        self.run(
            to,
            &format!(
                "CREATE TEMP TABLE handed ON COMMIT DROP AS SELECT {names} FROM {to_table} LIMIT 0"
            ),
        )
        .await?;
        // As text: a column may be of another type after migrations.
        let rows = format!(
            "COPY (SELECT {names} FROM {from_table} WHERE id IN (SELECT id FROM {which})) TO STDOUT"
        );
        self.pipe(from, &rows, to, "COPY handed FROM STDIN").await?;
        let insert = format!(
            "INSERT INTO {to_table} ({names}) SELECT {names} FROM handed ON CONFLICT DO NOTHING"
        );
        self.execute(to, &insert).await
    }

    async fn pipe(
        &self,
        from: &Session,
        read: &str,
        to: &Session,
        write: &str,
    ) -> Result<(), PostgresError> {
        pipe(from, read, to, write).await.map_err(self.failed())
    }

    async fn run(&self, session: &Session, statement: &str) -> Result<(), PostgresError> {
        session
            .batch_execute(statement)
            .await
            .map_err(self.failed())
    }

    async fn execute(&self, session: &Session, statement: &str) -> Result<u64, PostgresError> {
        session.execute(statement, &[]).await.map_err(self.failed())
    }

    fn failed(&self) -> impl FnOnce(tokio_postgres::Error) -> PostgresError + use<> {
        PostgresError::query(format!("catch up with `{}`", self.table))
    }
}

async fn begin_transaction(session: &Session) -> Result<(), PostgresError> {
    session
        .batch_execute(&format!("BEGIN; {GIVE_WAY}"))
        .await
        .map_err(PostgresError::query("begin to catch up"))
}

async fn commit(session: &Session) -> Result<(), PostgresError> {
    session
        .batch_execute("COMMIT")
        .await
        .map_err(PostgresError::query(
            "end catching up with what clients were given",
        ))
}

/// The columns of a table; none where there is no such table.
async fn columns(
    session: &Session,
    schema: &str,
    table: &str,
) -> Result<Vec<String>, PostgresError> {
    let rows = session
        .query(
            "SELECT attname::text FROM pg_catalog.pg_attribute
             WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            &[&qualified(schema, table)],
        )
        .await
        .map_err(PostgresError::query("look at a table of tokens"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn known(schema: &str, table: &str) -> String {
    qualified(schema, &format!("{BOOKS}_{table}"))
}
