//! The database as a declarative file, in YAML: every entity with its ids, as `kong config db_export` writes it.

use serde_json::{Map, Value};
use tokio_postgres::{Client, Error};

use super::declarative::{self, INTERNAL, TABLES, TIMES};
use crate::kong::Version;
use crate::lab::stand_in::yaml::write_item;

/// The whole database as `version` exports it, read in one snapshot.
pub(super) async fn declarative(client: &Client, version: &Version) -> Result<String, Error> {
    let format = declarative::formats(version)
        .last()
        .copied()
        .unwrap_or_default();
    let mut text = format!("_format_version: '{format}'\n_transform: false\n");
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    for table in TABLES {
        let present: bool = client
            .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
            .await?
            .get(0);
        if !present {
            continue;
        }
        // Kong orders by primary key; the first column is one in each of these tables.
        let select = format!("SELECT to_jsonb(entity) FROM {table} AS entity ORDER BY 1");
        let rows = client.query(&select, &[]).await?;
        if rows.is_empty() {
            continue;
        }
        text.push_str(table);
        text.push_str(":\n");
        for row in rows {
            if let Value::Object(columns) = row.get::<_, Value>(0) {
                write_item(&mut text, &Value::Object(entity(columns)), 0);
            }
        }
    }
    client.batch_execute("COMMIT").await?;
    Ok(text)
}

/// A row as the file has it: `service_id` is `service`, times are seconds since 1970.
fn entity(columns: Map<String, Value>) -> Map<String, Value> {
    columns
        .into_iter()
        .filter(|(name, _)| !INTERNAL.contains(&name.as_str()))
        .map(|(name, value)| {
            let value = if TIMES.contains(&name.as_str()) {
                seconds(value)
            } else {
                value
            };
            (declarative::field(&name).to_owned(), value)
        })
        .collect()
}

fn seconds(value: Value) -> Value {
    let parsed = value
        .as_str()
        .and_then(|text| text.parse::<jiff::Timestamp>().ok());
    match parsed {
        Some(time) if time.subsec_nanosecond() == 0 => time.as_second().into(),
        Some(time) => time.as_duration().as_secs_f64().into(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_written_as_yaml() {
        let row = serde_json::json!({
            "id": "ab", "ws_id": "w", "cache_key": "k", "service_id": "s", "custom_id": "c",
            "created_at": "2026-11-22T21:00:26+00:00", "tags": null, "paths": ["/a", "~/b$"],
            "config": {"limit": 3, "redis": {"host": null}, "word": "off", "none": {}}
        });
        let Value::Object(columns) = row else {
            panic!("an object")
        };
        let mut text = String::new();
        write_item(&mut text, &Value::Object(entity(columns)), 0);
        assert_eq!(
            text,
            "- config:\n    limit: 3\n    none: {}\n    redis:\n      host: ~\n    word: \"off\"\n  created_at: 1795381226\n  custom_id: c\n  id: ab\n  paths:\n  - /a\n  - \"~/b$\"\n  service: s\n  tags: ~\n"
        );
    }
}
