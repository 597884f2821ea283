//! Bringing a copy the configuration that was written in its original since: from a second copy of the original, which Kong's own
//! migrations have brought to the same version.
//!
//! So no rule of ours says what a row of an older version is in a newer one, ids and hashed credentials stay as they are, and there is no
//! entity that is not known. What is gone goes first; the rest comes in the order of foreign keys; the end is compared row by row,
//! and all of it is one transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::PostgresError;
use super::super::quote::{identifier, literal};
use super::super::session::Session;
use super::books;
use super::held::{
    Configured, Moment, book, changes, configured_tables, is_noted, rows_now, rows_then, written,
};
use super::pipe::pipe;
use super::round::open;
use crate::environment::Database;
use crate::gateway::{NAMED_KEYS, TableWrites};

/// Brings `copy` what differs between the moment of the copy and that of `again`, which was noted before it was migrated.
pub async fn bring_configuration(
    copy: &Database,
    again: &Database,
) -> Result<Vec<TableWrites>, PostgresError> {
    let (source, target) = (open(again).await?, open(copy).await?);
    books::begin(&target).await?;
    let sides = Sides {
        there: configured_tables(&target, &copy.schema).await?,
        here: configured_tables(&source, &again.schema).await?,
        schema: &copy.schema,
        source: &source,
        target: &target,
    };
    sides.find_changes(again).await?;
    let then = rows_then(&copy.schema, Moment::Copied);
    let told = written(&target, &then, "TABLE latest", "TABLE changes").await?;
    sides.refuse_unknown(&told)?;
    sides.refuse_conflicts().await?;
    sides.bring(&told).await?;
    sides.prove(&told).await?;
    sides.note(&told).await?;
    sides.run(&target, "COMMIT").await?;
    source.close().await;
    target.close().await;
    Ok(told)
}

struct Sides<'a> {
    /// The second copy, migrated.
    source: &'a Session,
    here: Vec<Configured>,
    /// The copy that is to go live.
    target: &'a Session,
    there: Vec<Configured>,
    schema: &'a str,
}

impl Sides<'_> {
    /// Makes `latest`, what the original holds by now, and `changes`, by which that differs from what was copied.
    async fn find_changes(&self, again: &Database) -> Result<(), PostgresError> {
        self.run(
            self.target,
            "CREATE TEMP TABLE latest (tab text, key text, hash text, PRIMARY KEY (tab, key)) ON COMMIT DROP",
        )
        .await?;
        let read = format!(
            "COPY ({}) TO STDOUT",
            rows_then(&again.schema, Moment::Copied)
        );
        self.pipe(self.source, &read, self.target, "COPY latest FROM STDIN")
            .await?;
        let then = rows_then(self.schema, Moment::Copied);
        let find = format!(
            "CREATE TEMP TABLE changes ON COMMIT DROP AS {}; CREATE TEMP TABLE before ON COMMIT DROP AS {}",
            changes(&then, "TABLE latest"),
            rows_now(&self.there),
        );
        self.run(self.target, &find).await
    }

    /// A table that the migrations have taken away or made another, or whose rows nothing identifies.
    fn refuse_unknown(&self, told: &[TableWrites]) -> Result<(), PostgresError> {
        let is_unknown = |changed: &&TableWrites| {
            let here = self.here.iter().find(|table| table.name == changed.table);
            let there = self.there(&changed.table);
            let same = here.zip(there).is_some_and(|(here, there)| {
                here.key == there.key && here.columns == there.columns && !here.key.is_empty()
            });
            !same
        };
        let unknown = told.iter().filter(is_unknown);
        let tables: Vec<String> = unknown.map(|changed| changed.table.clone()).collect();
        if tables.is_empty() {
            return Ok(());
        }
        Err(PostgresError::Unbringable { tables })
    }

    /// Rows that were also written in the copy since it was proven: whose writing is to count, nobody here knows.
    async fn refuse_conflicts(&self) -> Result<(), PostgresError> {
        if !is_noted(self.target, self.schema, Moment::Proven).await? {
            return Ok(());
        }
        let own = changes(&rows_then(self.schema, Moment::Proven), "TABLE before");
        let question = format!(
            "SELECT c.tab || ' ' || c.key FROM changes AS c JOIN ({own}) AS own USING (tab, key)
             WHERE NOT (c.kind = '-' AND own.kind = '-') ORDER BY 1 LIMIT {NAMED_KEYS}"
        );
        let rows = self.target.query(&question, &[]).await;
        let rows = rows.map_err(failed())?;
        if rows.is_empty() {
            return Ok(());
        }
        Err(PostgresError::WrittenTwice {
            rows: rows.iter().map(|row| row.get(0)).collect(),
        })
    }

    async fn bring(&self, told: &[TableWrites]) -> Result<(), PostgresError> {
        let order = self.order().await?;
        let changed: Vec<&Configured> = order
            .iter()
            .filter(|name| told.iter().any(|changed| changed.table == **name))
            .filter_map(|name| self.there(name))
            .collect();
        for table in changed.iter().rev() {
            let gone = format!(
                "DELETE FROM ONLY {} AS r USING changes AS c WHERE c.tab = {} AND c.kind = '-' AND {} = c.key",
                table.table,
                literal(&table.name),
                table.key_of("r"),
            );
            self.run(self.target, &gone).await?;
        }
        for table in changed {
            self.bring_rows(table).await?;
        }
        Ok(())
    }

    /// Writes the rows of a table that are new or other.
    async fn bring_rows(&self, table: &Configured) -> Result<(), PostgresError> {
        let here = self.here.iter().find(|here| here.name == table.name);
        let here = here.expect("a table that one side lacks was refused");
        let list = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| identifier(name)).collect();
            names.join(", ")
        };
        let columns = list(&table.columns);
        self.run(
            self.source,
            "CREATE TEMP TABLE wanted (key text PRIMARY KEY)",
        )
        .await?;
        let wanted = format!(
            "COPY (SELECT key FROM changes WHERE tab = {} AND kind <> '-') TO STDOUT",
            literal(&table.name)
        );
        self.pipe(self.target, &wanted, self.source, "COPY wanted FROM STDIN")
            .await?;
        let make = format!(
            "CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {columns} FROM {} LIMIT 0",
            table.table
        );
        self.run(self.target, &make).await?;
        let read = format!(
            "COPY (SELECT {columns} FROM ONLY {} AS r WHERE {} IN (SELECT key FROM wanted)) TO STDOUT",
            here.table,
            here.key_of("r"),
        );
        self.pipe(self.source, &read, self.target, "COPY incoming FROM STDIN")
            .await?;
        let set: Vec<String> = table
            .columns
            .iter()
            .map(|name| format!("{0} = excluded.{0}", identifier(name)))
            .collect();
        let write = format!(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM incoming ON CONFLICT ({}) DO UPDATE SET {}; DROP TABLE incoming",
            table.table,
            list(&table.key),
            set.join(", "),
        );
        self.run(self.target, &write).await?;
        self.run(self.source, "DROP TABLE wanted").await
    }

    /// What was changed is in the copy as it is in the migrated second copy, and nothing else was lost or came along.
    async fn prove(&self, told: &[TableWrites]) -> Result<(), PostgresError> {
        let is_told = |table: &&Configured| told.iter().any(|changed| changed.table == table.name);
        let right: Vec<String> = self
            .here
            .iter()
            .filter(is_told)
            .map(|table| rows_now(std::slice::from_ref(table)))
            .chain([rows_now(&[])])
            .collect();
        self.run(
            self.target,
            "CREATE TEMP TABLE right_ones (tab text, key text, hash text) ON COMMIT DROP",
        )
        .await?;
        let read = format!("COPY ({}) TO STDOUT", right.join(" UNION ALL "));
        self.pipe(
            self.source,
            &read,
            self.target,
            "COPY right_ones FROM STDIN",
        )
        .await?;
        let question = format!(
            "WITH after AS ({after})
             SELECT tab || ' ' || key FROM after AS a FULL JOIN before AS w USING (tab, key)
                    LEFT JOIN changes AS c USING (tab, key) LEFT JOIN right_ones AS r USING (tab, key)
             WHERE a.hash IS DISTINCT FROM CASE WHEN c.kind IS NULL THEN w.hash ELSE r.hash END ORDER BY 1 LIMIT {NAMED_KEYS}",
            after = rows_now(&self.there),
        );
        let rows = self.target.query(&question, &[]).await.map_err(failed())?;
        if rows.is_empty() {
            return Ok(());
        }
        Err(PostgresError::WrittenTwice {
            rows: rows.iter().map(|row| row.get(0)).collect(),
        })
    }

    /// From now on the copy is one of the later moment; and what came along nobody configured there.
    async fn note(&self, told: &[TableWrites]) -> Result<(), PostgresError> {
        let touched: Vec<String> = told.iter().filter_map(|changed| {
            let table = self.there(&changed.table)?;
            Some(format!(
                "INSERT INTO {book} SELECT {proven}, now.* FROM ({now}) AS now JOIN changes AS c USING (tab, key)",
                book = book(self.schema),
                proven = Moment::Proven.sql(),
                now = rows_now(std::slice::from_ref(table)),
            ))
        }).collect();
        let mut statement = format!(
            "DELETE FROM {book} WHERE moment = {copied} AND tab <> '';
             INSERT INTO {book} SELECT {copied}, latest.* FROM latest",
            book = book(self.schema),
            copied = Moment::Copied.sql(),
        );
        if is_noted(self.target, self.schema, Moment::Proven).await? {
            statement = format!(
                "{statement}; DELETE FROM {book} AS h USING changes AS c WHERE h.moment = {proven} AND (h.tab, h.key) = (c.tab, c.key); {}",
                touched.join("; "),
                book = book(self.schema),
                proven = Moment::Proven.sql(),
            );
        }
        self.run(self.target, &statement).await
    }

    /// The tables of the copy, each after those that its foreign keys point to.
    async fn order(&self) -> Result<Vec<String>, PostgresError> {
        let rows = self
            .target
            .query(
                "SELECT c.relname::text, f.relname::text FROM pg_catalog.pg_constraint k
                 JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 WHERE k.contype = 'f' AND n.nspname = $1 AND c.oid <> f.oid",
                &[&self.schema],
            )
            .await
            .map_err(failed())?;
        let mut waits: BTreeMap<String, BTreeSet<String>> = self
            .there
            .iter()
            .map(|table| (table.name.clone(), BTreeSet::new()))
            .collect();
        for row in &rows {
            let (table, on): (String, String) = (row.get(0), row.get(1));
            if waits.contains_key(&on)
                && let Some(waits) = waits.get_mut(&table)
            {
                waits.insert(on);
            }
        }
        let mut order: Vec<String> = Vec::new();
        while !waits.is_empty() {
            let free = waits.iter().find(|(_, on)| on.is_empty());
            // In a circle anyone comes first: the server says so if that cannot be.
            let next = free.or(waits.iter().next()).map(|(name, _)| name.clone());
            let Some(next) = next else { break };
            waits.remove(&next);
            for on in waits.values_mut() {
                on.remove(&next);
            }
            order.push(next);
        }
        Ok(order)
    }

    fn there(&self, name: &str) -> Option<&Configured> {
        self.there.iter().find(|table| table.name == name)
    }

    async fn pipe(
        &self,
        from: &Session,
        read: &str,
        to: &Session,
        write: &str,
    ) -> Result<(), PostgresError> {
        pipe(from, read, to, write).await.map_err(failed())
    }

    async fn run(&self, session: &Session, statement: &str) -> Result<(), PostgresError> {
        session.batch_execute(statement).await.map_err(failed())
    }
}

fn failed() -> impl FnOnce(tokio_postgres::Error) -> PostgresError {
    PostgresError::query("bring configuration to a copy")
}
