//! A declarative file into the database: entities are put in or overwritten by their primary key, and nothing is ever deleted.
//!
//! Owns the reading of flat files as `db_export` writes them, with ids; nested entities are refused as unknown fields.

use serde_json::{Map, Value};
use tokio_postgres::Client;
use tokio_postgres::types::Json;

use super::declarative::{self, INTERNAL, TABLES, TIMES};
use super::error::CommandError;
use crate::kong::Version;
use crate::lab::stand_in::migrations::MigrationError;

/// A file that has been read: the lists of entities by table.
pub(super) struct Declarative(Map<String, Value>);

/// Reads `text`, and judges what can be judged without a database.
pub(super) fn parse(text: &str, version: &Version) -> Result<Declarative, CommandError> {
    let value: Value = serde_saphyr::from_str(text)
        .map_err(|error| CommandError::Declarative(error.to_string()))?;
    let Value::Object(mut lists) = value else {
        return Err(CommandError::Declarative("expected an object".to_owned()));
    };
    let format = lists.remove("_format_version");
    let format = format.as_ref().and_then(Value::as_str).unwrap_or_default();
    let known = declarative::formats(version);
    if !known.contains(&format) {
        return Err(CommandError::Declarative(format!(
            "in '_format_version': expected one of: {}",
            known.join(", ")
        )));
    }
    lists.remove("_transform");
    for (table, list) in &lists {
        let is_list = list
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_object));
        if !TABLES.contains(&table.as_str()) {
            return Err(CommandError::Declarative(format!(
                "in '{table}': unknown field"
            )));
        }
        if !is_list {
            return Err(CommandError::Declarative(format!(
                "in '{table}': expected an array"
            )));
        }
    }
    Ok(Declarative(lists))
}

/// Writes everything in `file` into the database, in one transaction.
pub(super) async fn import(client: &Client, file: &Declarative) -> Result<(), CommandError> {
    let query = MigrationError::from;
    let workspace: String = client
        .query_one(
            "SELECT id::text FROM workspaces WHERE name = 'default'",
            &[],
        )
        .await
        .map_err(query)?
        .get(0);
    client.batch_execute("BEGIN").await.map_err(query)?;
    for table in TABLES {
        let entities = file.0.get(table).and_then(Value::as_array);
        for entity in entities.into_iter().flatten().filter_map(Value::as_object) {
            put(client, table, entity, &workspace).await?;
        }
    }
    client.batch_execute("COMMIT").await.map_err(query)?;
    Ok(())
}

async fn put(
    client: &Client,
    table: &str,
    entity: &Map<String, Value>,
    workspace: &str,
) -> Result<(), CommandError> {
    let statement = "SELECT column_name::text FROM information_schema.columns \
        WHERE table_schema = current_schema() AND table_name = $1";
    let rows = client.query(statement, &[&table]).await;
    let columns: Vec<String> = rows
        .map_err(MigrationError::from)?
        .iter()
        .map(|row| row.get(0))
        .collect();
    let row = row(table, entity, &columns, workspace)?;
    let key = if table == "parameters" { "key" } else { "id" };
    let names: Vec<String> = row.keys().map(|name| format!("\"{name}\"")).collect();
    let updates: Vec<String> = names
        .iter()
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let statement = format!(
        "INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, $1) \
         ON CONFLICT ({key}) DO UPDATE SET {updates}",
        names = names.join(", "),
        updates = updates.join(", ")
    );
    client
        .execute(&statement, &[&Json(Value::Object(row))])
        .await
        .map_err(MigrationError::from)?;
    Ok(())
}

/// The columns of an entity's row; those that the entity does not name are left to the table's defaults.
fn row(
    table: &str,
    entity: &Map<String, Value>,
    columns: &[String],
    workspace: &str,
) -> Result<Map<String, Value>, CommandError> {
    let mut row = Map::new();
    for (name, value) in entity {
        let column = columns
            .iter()
            .find(|column| {
                declarative::field(column) == name && !INTERNAL.contains(&column.as_str())
            })
            .ok_or_else(|| {
                CommandError::Declarative(format!("in '{table}': in '{name}': unknown field"))
            })?;
        let value = if TIMES.contains(&name.as_str()) {
            time(value)
        } else {
            value.clone()
        };
        row.insert(column.clone(), value);
    }
    if table != "parameters" {
        let fresh = || Value::String(uuid::Uuid::new_v4().to_string());
        row.entry("id").or_insert_with(fresh);
    }
    let has = |column: &str| columns.iter().any(|it| it == column);
    if has("ws_id") {
        row.insert("ws_id".to_owned(), workspace.into());
    }
    if let Some(key) = cache_key(table, &row, workspace).filter(|_| has("cache_key")) {
        row.insert("cache_key".to_owned(), key.into());
    }
    Ok(row)
}

/// The key under which nodes cache an entity that has no name of its own.
fn cache_key(table: &str, row: &Map<String, Value>, workspace: &str) -> Option<String> {
    let fields: &[&str] = match table {
        "plugins" => &["name", "route_id", "service_id", "consumer_id", ""],
        "targets" => &["upstream_id", "target", "", "", ""],
        "acls" => &["consumer_id", "group", "", "", ""],
        _ => return None,
    };
    let text = |field: &&str| row.get(*field).and_then(Value::as_str).unwrap_or_default();
    let fields: Vec<_> = fields.iter().map(text).collect();
    Some(format!("{table}:{}:{workspace}", fields.join(":")))
}

fn time(value: &Value) -> Value {
    let time = value
        .as_f64()
        .and_then(|seconds| jiff::SignedDuration::try_from_secs_f64(seconds).ok())
        .and_then(|since| jiff::Timestamp::from_duration(since).ok());
    time.map_or_else(|| value.clone(), |time| time.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_checked_and_unknown_lists_are_named() {
        let version = Version::new(2, 8, 5);
        assert!(parse("_format_version: '2.1'\nservices:\n- id: a\n", &version).is_ok());
        for (text, message) in [
            (
                "_format_version: '3.0'\n",
                "in '_format_version': expected one of: 1.1, 2.1",
            ),
            (
                "_format_version: '2.1'\nservises: []\n",
                "in 'servises': unknown field",
            ),
            (
                "_format_version: '2.1'\nservices: 3\n",
                "in 'services': expected an array",
            ),
        ] {
            let error = parse(text, &version).err().expect("refused");
            assert_eq!(error.to_string(), format!("Failed parsing:\n{message}"));
        }
    }

    #[test]
    fn a_cache_key_is_the_one_that_was_recorded() {
        let row = serde_json::json!({"name": "rate-limiting", "service_id": "s", "route_id": null});
        let row = row.as_object().expect("an object");
        assert_eq!(
            cache_key("plugins", row, "w").as_deref(),
            Some("plugins:rate-limiting::s:::w")
        );
    }
}
