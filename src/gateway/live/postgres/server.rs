//! A database and its server as the owner of Kong's tables sees them, before anything is begun. Read in one session.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::error::PostgresError;
use super::facts::server_version;
use super::privileges::privileges;
use super::quote::qualified;
use super::session::{Role, Session, connect};
use super::tools::installed;
use crate::environment::Database;
use crate::gateway::{KongLock, Privilege, Seats, ServerFacts, TableSize, Versions};
use crate::kong::advisories::Known;

/// What failed, if it did.
const ASKING: &str = "look at the server before a change";

/// What the server answers about a database that it does not have.
const NO_DATABASE: &str = "3D000";

/// The first server that says which version of a collation is there.
const TELLS_COLLATION: u32 = 15;

/// Looks at `database`; `None` where its server has no such database.
pub async fn server_facts(database: &Database) -> Result<Option<ServerFacts>, PostgresError> {
    let session = match connect(database, Role::Owner, None).await {
        Ok(session) => session,
        Err(PostgresError::Connect {
            state: Some(state), ..
        }) if state == NO_DATABASE => return Ok(None),
        Err(error) => return Err(error),
    };
    let (_, major) = server_version(&session).await?;
    let first = overview(&session, &database.schema).await?;
    let has_tables: bool = first.get("has_tables");
    let mut lacks = BTreeSet::new();
    if !first.get::<_, bool>("may_create") {
        lacks.insert(Privilege::CreateTables);
    }
    let own = privileges(&session, &database.database, &database.schema).await?;
    if own.owns_tables == Some(false) {
        lacks.insert(Privilege::OwnTables);
    }
    let facts = ServerFacts {
        major,
        has_tables,
        is_standby: first.get("is_standby"),
        lacks,
        password_encryption: first.get("password_encryption"),
        seats: seats(&first),
        settings: own_settings(&session).await?,
        locks: locks(&session, &database.schema).await?,
        has_default_workspace: has_default_workspace(&session, &database.schema).await?,
        collation: collation(&session, major).await?,
        extensions: extensions(&session).await?,
        tables: tables(&session, &database.schema).await?,
        ahead: ahead(&session).await?,
        tools: installed("pg_dump").map(|(major, _)| major).collect(),
    };
    session.close().await;
    Ok(Some(facts))
}

async fn overview(session: &Session, schema: &str) -> Result<Row, PostgresError> {
    session
        .query_one(
            "SELECT pg_is_in_recovery() AS is_standby, current_setting('password_encryption') AS password_encryption,
                    to_regclass($2) IS NOT NULL AS has_tables,
                    coalesce((SELECT bool_or(has_schema_privilege(oid, 'CREATE')) FROM pg_catalog.pg_namespace WHERE nspname = $1),
                             has_database_privilege(current_database(), 'CREATE')) AS may_create,
                    current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
                      - coalesce(current_setting('reserved_connections', true)::bigint, 0) AS free_to_all,
                    (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user) AS role_limit,
                    (SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = current_database()) AS database_limit,
                    (SELECT sum(numbackends)::bigint FROM pg_catalog.pg_stat_database) AS taken",
            &[&schema, &qualified(schema, "schema_meta")],
        )
        .await
        .map_err(PostgresError::query(ASKING))
}

fn seats(row: &Row) -> Seats {
    // A limit of -1 is none.
    let limit = |column: &str| u64::try_from(row.get::<_, i32>(column)).ok();
    let limits = [limit("role_limit"), limit("database_limit")];
    Seats {
        free_to_all: row.get::<_, i64>("free_to_all").unsigned_abs(),
        limit: limits.into_iter().flatten().min(),
        taken: row.get::<_, i64>("taken").unsigned_abs(),
    }
}

/// What is set for the role, the database, or both together, which counts most.
async fn own_settings(
    session: &Session,
) -> Result<std::collections::BTreeMap<String, String>, PostgresError> {
    let rows = session
        .query(
            "SELECT unnest(s.setconfig) FROM pg_catalog.pg_db_role_setting s
             WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
               AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user))
             ORDER BY s.setrole <> 0, s.setdatabase <> 0",
            &[],
        )
        .await
        .map_err(PostgresError::query(ASKING))?;
    let settings = rows.iter().filter_map(|row| {
        let (key, value) = row.get::<_, &str>(0).split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    });
    Ok(settings.collect())
}

async fn is_there(session: &Session, name: &str) -> Result<bool, PostgresError> {
    let found = session
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&name])
        .await;
    Ok(found.map_err(PostgresError::query(ASKING))?.get(0))
}

async fn locks(session: &Session, schema: &str) -> Result<Vec<KongLock>, PostgresError> {
    let table = qualified(schema, "locks");
    if !is_there(session, &table).await? {
        return Ok(Vec::new());
    }
    let statement = format!(
        "SELECT coalesce(owner, ''), coalesce(ttl <= now(), true) FROM {table} WHERE key = 'migrations' ORDER BY 1"
    );
    let rows = session.query(&statement, &[]).await;
    let rows = rows.map_err(PostgresError::query(ASKING))?;
    let lock = |row: &Row| KongLock {
        owner: row.get(0),
        is_over: row.get(1),
    };
    Ok(rows.iter().map(lock).collect())
}

async fn has_default_workspace(
    session: &Session,
    schema: &str,
) -> Result<Option<bool>, PostgresError> {
    let table = qualified(schema, "workspaces");
    if !is_there(session, &table).await? {
        return Ok(None);
    }
    let statement = format!("SELECT EXISTS (SELECT FROM {table} WHERE name = 'default')");
    let row = session.query_one(&statement, &[]).await;
    Ok(Some(row.map_err(PostgresError::query(ASKING))?.get(0)))
}

async fn collation(
    session: &Session,
    major: u32,
) -> Result<Known<Option<Versions>>, PostgresError> {
    if major < TELLS_COLLATION {
        let why = format!("PostgreSQL {major} does not keep it for a database");
        return Ok(Known::unknown(why));
    }
    let row = session
        .query_one(
            "SELECT coalesce(datcollversion, ''), coalesce(pg_database_collation_actual_version(oid), '')
             FROM pg_catalog.pg_database WHERE datname = current_database()",
            &[],
        )
        .await
        .map_err(PostgresError::query(ASKING))?;
    let (recorded, found): (String, String) = (row.get(0), row.get(1));
    let differ = recorded != found && !recorded.is_empty();
    Ok(Known::Known(differ.then_some(Versions { recorded, found })))
}

async fn extensions(session: &Session) -> Result<BTreeSet<String>, PostgresError> {
    // That some are trusted is told since PostgreSQL 13.
    let rows = session
        .query(
            "SELECT e.extname::text FROM pg_catalog.pg_extension e
             JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.extname AND v.version = e.extversion
             WHERE e.extname <> 'plpgsql' AND v.superuser AND NOT coalesce((to_jsonb(v) ->> 'trusted')::boolean, false)",
            &[],
        )
        .await
        .map_err(PostgresError::query(ASKING))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn tables(
    session: &Session,
    schema: &str,
) -> Result<std::collections::BTreeMap<String, TableSize>, PostgresError> {
    let rows = session
        .query(
            "SELECT relname::text, coalesce(pg_total_relation_size(relid), 0), n_live_tup, n_dead_tup
             FROM pg_catalog.pg_stat_user_tables WHERE schemaname = $1",
            &[&schema],
        )
        .await
        .map_err(PostgresError::query(ASKING))?;
    let number = |row: &Row, column: usize| row.get::<_, i64>(column).unsigned_abs();
    let table = |row: &Row| {
        let size = TableSize {
            bytes: number(row, 1),
            rows: number(row, 2),
            dead: number(row, 3),
        };
        (row.get(0), size)
    };
    Ok(rows.iter().map(table).collect())
}

/// How many milliseconds the server's clock is ahead of ours, which is read before and after.
async fn ahead(session: &Session) -> Result<i64, PostgresError> {
    let sent = Timestamp::now().as_millisecond();
    let row = session.query_one("SELECT clock_timestamp()", &[]).await;
    let theirs: Timestamp = row.map_err(PostgresError::query(ASKING))?.get(0);
    let received = Timestamp::now().as_millisecond();
    Ok(theirs.as_millisecond() - i64::midpoint(sent, received))
}
