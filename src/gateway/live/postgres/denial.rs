//! Denying writes to configuration in the database itself, so that it holds whoever writes and by whatever way.
//!
//! Done with triggers on the configuration's tables. Revoking the owner's rights is the shorter way and a wrong one: PostgreSQL
//! checks foreign keys as the owner of the referenced table, with a lock that needs the right to update, so that a token of OAuth 2
//! could not be written any more while its service's table is closed. A read-only role would stop the counters as well.

use std::fmt::Write as _;

use super::class::Class;
use super::error::PostgresError;
use super::quote::{identifier, literal};
use super::session::{Role, Session, connect};
use crate::environment::Database;
use crate::gateway::WriteDenial;

/// The function that refuses, in Kong's schema; also the beginning of the triggers' names.
const NAME: &str = "cutover_frozen";

/// What a writer is told.
const WORDS: &str = "the configuration is frozen by cutover while an upgrade is under way";

/// Whether writes to the configuration are denied.
pub async fn denial(database: &Database) -> Result<WriteDenial, PostgresError> {
    let session = connect(database, Role::Owner, None).await?;
    Ok(state(&tables(&session, &database.schema).await?))
}

/// Denies writes to the configuration, allows them for a while, or takes the denial away.
///
/// One transaction, so that an interruption leaves one of the three. Tables that came since are included.
pub async fn set_denial(database: &Database, wanted: WriteDenial) -> Result<(), PostgresError> {
    let session = connect(database, Role::Owner, None).await?;
    let tables = tables(&session, &database.schema).await?;
    let statements = statements(&database.schema, &tables, wanted);
    session
        .batch_execute(&statements)
        .await
        .map_err(PostgresError::query(
            "change who may write the configuration",
        ))
}

/// One table of the configuration.
#[derive(Debug)]
struct Table {
    name: String,
    /// Whether the trigger is there, and whether it fires.
    fires: Option<bool>,
}

async fn tables(session: &Session, schema: &str) -> Result<Vec<Table>, PostgresError> {
    let rows = session
        .query(
            "SELECT c.relname::text, t.tgenabled::text <> 'D'
             FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid AND t.tgname = $2
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
             ORDER BY 1",
            &[&schema, &NAME],
        )
        .await
        .map_err(PostgresError::query("see who may write the configuration"))?;
    let tables = rows.iter().map(|row| Table {
        name: row.get(0),
        fires: row.get(1),
    });
    Ok(tables
        .filter(|table| Class::of(schema, schema, &table.name) == Class::Configuration)
        .collect())
}

fn state(tables: &[Table]) -> WriteDenial {
    if tables.iter().all(|table| table.fires.is_none()) {
        WriteDenial::Off
    } else if tables.iter().all(|table| table.fires == Some(true)) {
        WriteDenial::On
    } else {
        WriteDenial::Suspended
    }
}

fn statements(schema: &str, tables: &[Table], wanted: WriteDenial) -> String {
    let function = format!("{}.{NAME}()", identifier(schema));
    let mut text = String::from("BEGIN;\n");
    if wanted == WriteDenial::On {
        let _ = writeln!(
            text,
            "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS {body};",
            body = literal(&format!(
                "BEGIN RAISE EXCEPTION USING MESSAGE = {}, ERRCODE = 'object_not_in_prerequisite_state'; END",
                literal(WORDS)
            )),
        );
    }
    for table in tables {
        let name = format!("{}.{}", identifier(schema), identifier(&table.name));
        let statement = match (wanted, table.fires) {
            // By row, so that Kong's own clearing of expired rows is not refused while there are none.
            (WriteDenial::On, None) => format!(
                "CREATE TRIGGER {NAME} BEFORE INSERT OR UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE PROCEDURE {function};
                 CREATE TRIGGER {NAME}_truncate BEFORE TRUNCATE ON {name} EXECUTE PROCEDURE {function};\n"
            ),
            (WriteDenial::On, Some(false)) => switch(&name, "ENABLE"),
            (WriteDenial::Suspended, Some(true)) => switch(&name, "DISABLE"),
            (WriteDenial::Off, Some(_)) => {
                format!("DROP TRIGGER {NAME} ON {name}; DROP TRIGGER IF EXISTS {NAME}_truncate ON {name};\n")
            }
            (WriteDenial::On, Some(true))
            | (WriteDenial::Suspended, None | Some(false))
            | (WriteDenial::Off, None) => String::new(),
        };
        text += &statement;
    }
    if wanted == WriteDenial::Off {
        let _ = writeln!(text, "DROP FUNCTION IF EXISTS {function};");
    }
    text + "COMMIT"
}

fn switch(table: &str, verb: &str) -> String {
    format!("ALTER TABLE {table} {verb} TRIGGER {NAME}, {verb} TRIGGER {NAME}_truncate;\n")
}
