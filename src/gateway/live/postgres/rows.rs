//! Baselines: what a database holds row by row, as far as that is little enough, and how another moment differs from it.
//!
//! A row is known by its primary key and a hash of its text; no value of a row is kept. Ephemeral tables and the migrations' own
//! books do not count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::Class;
use super::digest::{DatabaseDigest, Table, TableDigest, read, tables};
use super::error::PostgresError;
use super::quote::{identifier, literal, qualified};
use super::session::{Role, Session, connect};
use crate::environment::Database;
use crate::gateway::{NAMED_KEYS, RowWrites, TableWrites, Writes};

/// Tables with more rows are counted and summed only: a baseline is read while production is down.
const LARGEST: u64 = 10_000;

/// What a database held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// When.
    pub taken_at: Timestamp,
    /// Every table, counted and summed.
    pub digest: DatabaseDigest,
    /// The rows of small configuration tables: hash by key.
    pub rows: BTreeMap<String, BTreeMap<String, String>>,
}

/// Reads the baseline of `database` as it is now.
pub async fn baseline(database: &Database) -> Result<Baseline, PostgresError> {
    let session = snapshot(database).await?;
    let taken_at = Timestamp::now();
    let digest = read(&session, &database.schema, &BTreeSet::new(), |_| ()).await?;
    let mut rows = BTreeMap::new();
    for table in tables(&session).await? {
        let name = format!("{}.{}", table.schema, table.name);
        let small = digest
            .tables
            .get(&name)
            .is_some_and(|digest| digest.class == Class::Configuration && digest.rows <= LARGEST);
        if small && let Some(found) = rows_of(&session, &table).await? {
            rows.insert(name, found);
        }
    }
    session.close().await;
    Ok(Baseline {
        taken_at,
        digest,
        rows,
    })
}

/// What is different in `database` now from `before`, whose small tables held `rows`.
pub async fn writes(
    database: &Database,
    before: &DatabaseDigest,
    rows: &BTreeMap<String, BTreeMap<String, String>>,
) -> Result<Writes, PostgresError> {
    let session = snapshot(database).await?;
    let now = read(&session, &database.schema, &BTreeSet::new(), |_| ()).await?;
    let known = tables(&session).await?;
    let books = format!("{}.schema_meta", database.schema);
    let mut writes = Writes::default();
    for difference in before.differences(&now) {
        let class = difference.after.as_ref().or(difference.before.as_ref());
        let class = class.map_or(Class::Configuration, |digest| digest.class);
        if class == Class::Ephemeral || difference.table == books {
            continue;
        }
        let count = |digest: &Option<TableDigest>| digest.as_ref().map_or(0, |found| found.rows);
        let (earlier, after) = (count(&difference.before), count(&difference.after));
        if earlier == 0 && after == 0 {
            // Migrations make and drop empty tables; nobody wrote anything there.
            continue;
        }
        let table = known
            .iter()
            .find(|table| format!("{}.{}", table.schema, table.name) == difference.table);
        let found = match (rows.get(&difference.table), table) {
            // A table that is gone took its rows along.
            (Some(old), None) => Some(difference_of(old, &BTreeMap::new())),
            (Some(old), Some(table)) if after <= LARGEST => rows_of(&session, table)
                .await?
                .map(|new| difference_of(old, &new)),
            _ => None,
        };
        let own = format!("{}.", database.schema);
        let written = TableWrites {
            table: difference
                .table
                .strip_prefix(&own)
                .unwrap_or(&difference.table)
                .to_owned(),
            before: earlier,
            after,
            rows: found,
        };
        let list = if class == Class::Traffic {
            &mut writes.traffic
        } else {
            &mut writes.configuration
        };
        list.push(written);
    }
    session.close().await;
    Ok(writes)
}

/// A session that sees one moment.
async fn snapshot(database: &Database) -> Result<Session, PostgresError> {
    let session = connect(database, Role::Owner, None)
        .await?
        .without_limits()
        .await?;
    session
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(PostgresError::query("open a snapshot"))?;
    Ok(session)
}

/// Hash by key of every row, if the table has a primary key.
async fn rows_of(
    session: &Session,
    table: &Table,
) -> Result<Option<BTreeMap<String, String>>, PostgresError> {
    let failed = || {
        PostgresError::query(format!(
            "read the rows of `{}.{}`",
            table.schema, table.name
        ))
    };
    let name = qualified(&table.schema, &table.name);
    let keys = session
        .query(
            &format!(
                "SELECT a.attname::text FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                 WHERE i.indisprimary AND i.indrelid = {}::regclass ORDER BY a.attname",
                literal(&name)
            ),
            &[],
        )
        .await
        .map_err(failed())?;
    let keys: Vec<String> = keys
        .iter()
        .map(|row| format!("{}::text", identifier(row.get(0))))
        .collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(column, _)| identifier(column))
        .collect();
    let statement = format!(
        "SELECT concat_ws(' ', {}), encode(sha256(convert_to(ROW({})::text, 'UTF8')), 'hex') FROM ONLY {name}",
        keys.join(", "),
        columns.join(", ")
    );
    let rows = session.query(&statement, &[]).await.map_err(failed())?;
    Ok(Some(
        rows.iter().map(|row| (row.get(0), row.get(1))).collect(),
    ))
}

/// Which rows are new, other or gone.
fn difference_of(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> RowWrites {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    let changed = new
        .iter()
        .filter(|(key, hash)| old.get(*key).is_some_and(|before| before != *hash))
        .map(|(key, _)| key);
    let removed = old.keys().filter(|key| !new.contains_key(*key));
    let keys = added.clone().map(|key| format!("+ {key}"));
    let keys = keys.chain(changed.clone().map(|key| format!("~ {key}")));
    let keys = keys.chain(removed.clone().map(|key| format!("- {key}")));
    RowWrites {
        keys: keys.take(NAMED_KEYS).collect(),
        added: added.count() as u64,
        changed: changed.count() as u64,
        removed: removed.count() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_apart_and_keys_are_limited() {
        let rows = |pairs: &[(&str, &str)]| {
            let owned = |(key, hash): &(&str, &str)| ((*key).to_owned(), (*hash).to_owned());
            pairs.iter().map(owned).collect::<BTreeMap<_, _>>()
        };
        let old = rows(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let new = rows(&[("a", "1"), ("b", "9"), ("d", "4")]);
        let found = difference_of(&old, &new);
        assert_eq!((found.added, found.changed, found.removed), (1, 1, 1));
        assert_eq!(found.keys, ["+ d", "~ b", "- c"]);
        let many = (0..50)
            .map(|key| (key.to_string(), String::new()))
            .collect();
        let found = difference_of(&BTreeMap::new(), &many);
        assert_eq!((found.added, found.keys.len()), (50, NAMED_KEYS));
    }
}
