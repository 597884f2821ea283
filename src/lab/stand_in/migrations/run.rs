//! Running migrations: each in a transaction of its own, and recorded after it, as Kong does.
//!
//! Invariant: a transaction is opened, filled and committed in separate round trips, so that a killed command leaves nothing
//! half done. Only the fault that commits late breaks this, on purpose.

use std::time::Duration;

use tokio_postgres::Client;

use super::super::faults::Faults;
use super::state::Section;
use super::{Log, MigrationError, reason, sql};
use crate::kong::catalogue::Migration;

/// The parts of a migration that a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// `up`: what has a second phase stays pending.
    Up,
    /// `finish`: the second phase alone.
    Teardown,
    /// `bootstrap` and `--force`: both at once.
    Both,
}

/// What a run of migrations needs.
pub struct Runner<'a> {
    /// The session.
    pub client: &'a Client,
    /// The database's name, which Kong prints.
    pub database: &'a str,
    /// How long one statement may take.
    pub timeout: Duration,
    /// What is to go wrong.
    pub faults: &'a Faults,
    /// Where the lines go.
    pub log: Log<'a>,
}

/// The three ways in which `schema_meta` changes.
#[derive(Clone, Copy)]
enum Record {
    Executed,
    Pending,
    TornDown,
}

impl Runner<'_> {
    /// Makes `schema_meta` and `locks`.
    pub async fn bootstrap(&self) -> Result<(), MigrationError> {
        Ok(self.client.batch_execute(sql::bootstrap()).await?)
    }

    /// Empties the schema.
    pub async fn reset(&self) -> Result<(), MigrationError> {
        // The statement is put together here, so the server quotes the name; one message is one transaction.
        let schema: String = self
            .client
            .query_one("SELECT quote_ident(current_schema())", &[])
            .await?
            .get(0);
        let reset = format!("DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}");
        Ok(self.client.batch_execute(&reset).await?)
    }

    /// Runs `parts` of the migrations in `sections`, in their order.
    pub async fn run(&self, sections: &[Section], parts: Parts) -> Result<(), MigrationError> {
        let mut processed = 0_u32;
        let mut pending = 0_u32;
        for section in sections {
            let subsystem = section.subsystem.name;
            (self.log)(&format!(
                "migrating {subsystem} on database '{}'...",
                self.database
            ));
            for migration in &section.migrations {
                let first = processed == 0;
                self.run_one(subsystem, migration, parts, first).await?;
                let waits = migration.has_teardown && parts == Parts::Up;
                pending += u32::from(waits);
                processed += 1;
                (self.log)(&format!(
                    "{subsystem} migrated up to: {} {}",
                    migration.name,
                    if waits { "(pending)" } else { "(executed)" }
                ));
            }
        }
        let plural = if processed > 1 { "s" } else { "" };
        (self.log)(&format!("{processed} migration{plural} processed"));
        for (count, word) in [(processed - pending, "executed"), (pending, "pending")] {
            if count > 0 {
                (self.log)(&format!("{count} {word}"));
            }
        }
        Ok(())
    }

    async fn run_one(
        &self,
        subsystem: &str,
        migration: &Migration,
        parts: Parts,
        first: bool,
    ) -> Result<(), MigrationError> {
        let delay = self.faults.migration_delay_ms.unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(delay)).await;
        if parts != Parts::Teardown {
            let record = if migration.has_teardown {
                Record::Pending
            } else {
                Record::Executed
            };
            self.part(subsystem, migration, "up", record, first).await?;
        }
        if migration.has_teardown && parts != Parts::Up {
            self.part(subsystem, migration, "teardown", Record::TornDown, first)
                .await?;
        }
        Ok(())
    }

    async fn part(
        &self,
        subsystem: &str,
        migration: &Migration,
        part: &'static str,
        record: Record,
        first: bool,
    ) -> Result<(), MigrationError> {
        let failed = |reason: String| MigrationError::Migration {
            name: migration.name,
            part,
            reason,
        };
        let text = sql::part(subsystem, migration.name, part);
        let recorded = record_statement(subsystem, migration.name, record);
        if let (Some(late), true) = (self.faults.migration_commits_late_ms, first) {
            // One message: the server works through it to the commit, whether or not anybody still listens.
            let seconds = Duration::from_millis(late).as_secs_f64();
            let batch = format!(
                "BEGIN;\n{text}\n{recorded};\nDO $late$ BEGIN PERFORM pg_sleep({seconds}); END $late$;\nCOMMIT;"
            );
            return self.batch(&batch).await.map_err(failed);
        }
        let transaction = async {
            self.batch("BEGIN").await?;
            self.batch(text).await?;
            if self.faults.migration_fails.as_deref() == Some(migration.name) {
                self.batch(
                    "DO $$ BEGIN RAISE EXCEPTION 'the stand-in was told to fail here'; END $$",
                )
                .await?;
            }
            if self.faults.migration_hangs.as_deref() == Some(migration.name) {
                self.batch("DO $$ BEGIN LOOP PERFORM pg_sleep(1); END LOOP; END $$")
                    .await?;
            }
            self.batch("COMMIT").await
        };
        if let Err(reason) = transaction.await {
            // After a timeout the server is still busy, and ends the transaction itself once this session is gone.
            if reason != "timeout" {
                self.client.batch_execute("ROLLBACK").await?;
            }
            return Err(failed(reason));
        }
        self.batch(&recorded).await.map_err(failed)
    }

    async fn batch(&self, statements: &str) -> Result<(), String> {
        match tokio::time::timeout(self.timeout, self.client.batch_execute(statements)).await {
            Ok(result) => result.map_err(|error| reason(&error)),
            Err(_) => Err("timeout".to_owned()),
        }
    }
}

/// The change to `schema_meta`. A name that stands in a list already is not added again, which is what `--force` would do.
fn record_statement(subsystem: &str, name: &str, record: Record) -> String {
    let (executed, pending) = match record {
        Record::Executed => (true, "schema_meta.pending"),
        Record::Pending => (
            false,
            "array_append(array_remove(coalesce(schema_meta.pending, '{}'), '{name}'), '{name}')",
        ),
        Record::TornDown => (
            true,
            "array_remove(coalesce(schema_meta.pending, '{}'), '{name}')",
        ),
    };
    let pending = pending.replace("{name}", name);
    let first_pending = match record {
        Record::Executed => "NULL".to_owned(),
        Record::Pending => format!("ARRAY['{name}']"),
        Record::TornDown => "'{}'".to_owned(),
    };
    if executed {
        format!(
            "INSERT INTO schema_meta (key, subsystem, last_executed, executed, pending) \
             VALUES ('schema_meta', '{subsystem}', '{name}', ARRAY['{name}'], {first_pending}) \
             ON CONFLICT (key, subsystem) DO UPDATE SET last_executed = '{name}', pending = {pending}, \
             executed = CASE WHEN '{name}' = ANY (schema_meta.executed) THEN schema_meta.executed \
             ELSE array_append(coalesce(schema_meta.executed, '{{}}'), '{name}') END"
        )
    } else {
        format!(
            "INSERT INTO schema_meta (key, subsystem, pending) VALUES ('schema_meta', '{subsystem}', {first_pending}) \
             ON CONFLICT (key, subsystem) DO UPDATE SET pending = {pending}"
        )
    }
}
