//! What a review asks a database server.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::server_version;
use super::quote::qualified;
use super::{PostgresError, Role, connect};
use crate::environment::Database;

/// Settings of a server that rules are about.
const SETTINGS: [&str; 1] = ["password_encryption"];

/// What failed, if it did.
const ASKING: &str = "ask what a review is about";

/// What a server tells of itself and of Kong's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its version, as in `15.4`.
    pub version: String,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
    /// Whether Kong's role may create tables in its schema.
    pub may_create: bool,
    /// How many rows those of the tables have that are there.
    pub rows: BTreeMap<String, u64>,
}

/// Asks the server of `database`, and how many rows `tables` of Kong's schema have.
pub async fn judged(
    database: &Database,
    tables: &BTreeSet<String>,
) -> Result<Judged, PostgresError> {
    let session = connect(database, Role::Owner, None).await?;
    let (version, _) = server_version(&session).await?;
    let settings = session
        .query(
            "SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY($1)",
            &[&SETTINGS.as_slice()],
        )
        .await
        .map_err(PostgresError::query(ASKING))?;
    let may_create = session
        .query_one(
            "SELECT coalesce(bool_or(pg_catalog.has_schema_privilege(oid, 'CREATE')), false)
             FROM pg_catalog.pg_namespace WHERE nspname = $1",
            &[&database.schema],
        )
        .await
        .map_err(PostgresError::query(ASKING))?
        .get(0);
    let mut rows = BTreeMap::new();
    for table in tables {
        let name = qualified(&database.schema, table);
        let is_there = session
            .query_one("SELECT to_regclass($1) IS NOT NULL", &[&name])
            .await
            .map_err(PostgresError::query(ASKING))?;
        if is_there.get(0) {
            let count = format!("SELECT count(*) FROM {name}");
            let count = session
                .query_one(&count, &[])
                .await
                .map_err(PostgresError::query(ASKING))?;
            rows.insert(table.clone(), count.get::<_, i64>(0).unsigned_abs());
        }
    }
    session.close().await;
    Ok(Judged {
        version,
        settings: settings
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect(),
        may_create,
        rows,
    })
}
