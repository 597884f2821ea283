//! What the administering role sees of a server: what it may do there, what earlier runs left, who holds the environment's lock.

use std::collections::BTreeSet;

use super::error::PostgresError;
use super::mark::{Mark, MarkKind};
use super::privileges::{logical_slots, prepared_transactions, privileges};
use super::session::{Role, Session, connect};
use super::session_list::sessions;
use super::world_lock::holder;
use crate::environment::Database;
use crate::environment::Environment;
use crate::gateway::{Administered, LeftCopy, Privilege};

/// Looks at the server of `database`, which `environment` describes.
pub async fn administered(
    environment: &Environment,
    database: &Database,
) -> Result<Administered, PostgresError> {
    let session = connect(database, Role::Admin, None).await?;
    let name = &database.database;
    let own = privileges(&session, name, &database.schema).await?;
    let mut lacks = BTreeSet::new();
    if !own.create_database {
        lacks.insert(Privilege::CreateDatabases);
    }
    if !own.acts_as_owner && exists(&session, name).await? {
        lacks.insert(Privilege::OwnDatabase);
    }
    let mut copies = copies(&session).await?;
    let on_server = |other: &&Database| other.host == database.host && other.port == database.port;
    let named: BTreeSet<&str> = (environment.databases.values())
        .filter(on_server)
        .map(|other| other.database.as_str())
        .collect();
    copies.retain(|copy| !named.contains(copy.name.as_str()));
    let others = sessions(&session, name).await?;
    let hidden = others.iter().filter(|other| other.state.is_none());
    let holder = holder(&session, &environment.name).await?;
    let found = Administered {
        lacks,
        hidden_sessions: hidden.count() as u64,
        prepared: prepared_transactions(&session, name).await?,
        slots: logical_slots(&session, name).await?,
        copies,
        lock_holder: holder.map(|holder| holder.application),
    };
    session.close().await;
    Ok(found)
}

async fn exists(session: &Session, name: &str) -> Result<bool, PostgresError> {
    let row = session
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)",
            &[&name],
        )
        .await;
    let row = row.map_err(PostgresError::query("see whether a database is there"))?;
    Ok(row.get(0))
}

/// The databases with a mark of ours.
async fn copies(session: &Session) -> Result<Vec<LeftCopy>, PostgresError> {
    let rows = session
        .query(
            "SELECT datname::text, shobj_description(oid, 'pg_database'),
                    CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) ELSE 0 END
             FROM pg_catalog.pg_database WHERE shobj_description(oid, 'pg_database') LIKE 'cutover:%' ORDER BY 1",
            &[],
        )
        .await
        .map_err(PostgresError::query("list databases with a mark"))?;
    let copy = |row: &tokio_postgres::Row| {
        let mark = Mark::parse(row.get(1))?;
        Some(LeftCopy {
            name: row.get(0),
            is_retired: mark.kind == MarkKind::Retired,
            run: mark.run,
            bytes: row.get::<_, i64>(2).unsigned_abs(),
        })
    };
    Ok(rows.iter().filter_map(copy).collect())
}
