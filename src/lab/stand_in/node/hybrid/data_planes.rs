//! The table `clustering_data_planes`: what control planes have seen of data planes, with the columns that each version has.

use serde_json::{Map, Value, json};
use tokio_postgres::types::Json;

use super::super::Node;
use super::super::database::{Database, DatabaseError};
use super::super::schema::Object;
use crate::kong::Version;

/// Columns that came after 2.8, with the first version that has them.
const NEWER: [(&str, (u16, u16)); 4] = [
    ("updated_at", (3, 3)),
    ("labels", (3, 5)),
    ("cert_details", (3, 6)),
    ("rpc_capabilities", (3, 9)),
];

/// What is seen of a data plane.
pub(super) struct Seen<'a> {
    pub(super) id: &'a str,
    pub(super) hostname: &'a str,
    pub(super) ip: &'a str,
    pub(super) version: &'a str,
    pub(super) config_hash: &'a str,
    pub(super) sync_status: &'static str,
    /// When the certificate is over that it showed.
    pub(super) expiry: Option<i64>,
}

/// Writes down what is seen.
pub(super) async fn note(node: &Node, seen: &Seen<'_>) -> Result<(), DatabaseError> {
    let Some(database) = node.tables() else {
        return Ok(());
    };
    let now = node.now();
    let purged = now + node.settings.cluster.purge_delay;
    let mut row = json!({
        "id": seen.id,
        "hostname": seen.hostname,
        "ip": seen.ip,
        "version": seen.version,
        "config_hash": seen.config_hash,
        "sync_status": seen.sync_status,
        "last_seen": now.to_string(),
        "ttl": purged.to_string(),
    });
    for column in newer(&node.version) {
        row[column] = match column {
            "updated_at" => json!(now.to_string()),
            "cert_details" => json!({ "expiry_timestamp": seen.expiry }),
            "rpc_capabilities" => json!([]),
            _ => Value::Null,
        };
    }
    let columns: Vec<&str> = row
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    let updates: Vec<String> = columns
        .iter()
        .map(|name| format!("{name} = EXCLUDED.{name}"))
        .collect();
    let columns = columns.join(", ");
    let statement = format!(
        "INSERT INTO clustering_data_planes ({columns}) \
         SELECT {columns} FROM jsonb_populate_record(NULL::clustering_data_planes, $1) \
         ON CONFLICT (id) DO UPDATE SET {}",
        updates.join(", ")
    );
    let session = database.session().await?;
    session.execute(&statement, &[&Json(&row)]).await?;
    Ok(())
}

/// Those seen, as the Admin API tells them.
pub(in super::super) async fn all(
    version: &Version,
    database: &Database,
) -> Result<Vec<Object>, DatabaseError> {
    let seconds =
        |column: &str| format!("'{column}', floor(extract(epoch FROM {column}))::bigint, ");
    let mut times = seconds("last_seen");
    if newer(version).any(|column| column == "updated_at") {
        times.push_str(&seconds("updated_at"));
    }
    let statement = format!(
        "SELECT to_jsonb(t) || jsonb_build_object({times} \
         'ttl', floor(extract(epoch FROM ttl - CURRENT_TIMESTAMP))::bigint) \
         FROM clustering_data_planes t WHERE ttl IS NULL OR ttl > CURRENT_TIMESTAMP ORDER BY id"
    );
    let session = database.session().await?;
    let rows = session.query(&statement, &[]).await?;
    let rows = rows.iter().map(|row| match row.get::<_, Value>(0) {
        Value::Object(mut row) => {
            // A database that a newer version has changed already tells an older one nothing more.
            row.retain(|name, _| {
                let since = NEWER.iter().find(|(column, _)| column == name);
                since.is_none_or(|(_, (major, minor))| version.is_at_least(*major, *minor))
            });
            row
        }
        _ => Map::new(),
    });
    Ok(rows.collect())
}

fn newer(version: &Version) -> impl Iterator<Item = &'static str> {
    let has = |since: &(u16, u16)| version.is_at_least(since.0, since.1);
    let found: Vec<&str> = NEWER
        .iter()
        .filter(|(_, since)| has(since))
        .map(|(column, _)| *column)
        .collect();
    found.into_iter()
}
