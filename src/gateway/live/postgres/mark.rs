//! Databases that we make, and how we know them again: a mark in the database's comment.
//!
//! Invariant: nothing here drops a database that does not bear the mark of the run that asks for it.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::catalog::{Description, describe};
use super::error::PostgresError;
use super::quote::{identifier, literal};
use super::session::{Role, Session, connect};
use crate::environment::Database;

/// What a mark begins with; the rest is JSON.
const PREFIX: &str = "cutover:";

/// How long a creation that nobody waits for any more may take.
const CREATION: Duration = Duration::from_mins(1);

/// The pause between two looks at it.
const BETWEEN: Duration = Duration::from_millis(50);

/// The server keeps this many bytes of a name (`NAMEDATALEN` less one).
const NAME_LIMIT: usize = 63;

/// A mark of ours on a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// What the database is.
    pub kind: MarkKind,
    /// The run that made it so.
    pub run: String,
    /// The comment that the database had before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a marked database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// We created it and may drop it.
    Created,
    /// It was live until a swap. Only a person drops it.
    Retired,
}

impl Mark {
    pub(super) fn created(run: &str) -> Self {
        Self {
            kind: MarkKind::Created,
            run: run.to_owned(),
            comment: None,
        }
    }

    /// The mark in a comment, if it is one.
    #[must_use]
    pub fn parse(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.strip_prefix(PREFIX)?).ok()
    }

    fn text(&self) -> String {
        let json = serde_json::to_string(self).expect("a mark has string keys only");
        format!("{PREFIX}{json}")
    }
}

/// The statement that sets or clears the comment of the database called `name`.
pub(super) fn comment_statement(name: &str, comment: Option<&str>) -> String {
    let text = comment.map_or("NULL".to_owned(), literal);
    format!("COMMENT ON DATABASE {} IS {text}", identifier(name))
}

/// The statement that marks the database called `name`.
pub(super) fn mark_statement(name: &str, mark: &Mark) -> String {
    comment_statement(name, Some(&mark.text()))
}

/// The mark of the database called `name` on the server of `database`.
pub async fn mark_of(database: &Database, name: &str) -> Result<Option<Mark>, PostgresError> {
    let session = connect(database, Role::Admin, None).await?;
    let description = describe(&session, name).await?;
    session.close().await;
    Ok(description.and_then(|description| Mark::parse(&description.comment?)))
}

/// Drops the database called `name` if `run` created it; says whether there was one.
pub async fn drop_created(
    database: &Database,
    name: &str,
    run: &str,
) -> Result<bool, PostgresError> {
    let session = connect(database, Role::Admin, None).await?;
    let dropped = drop_ours(&session, name, run).await?;
    session.close().await;
    Ok(dropped)
}

pub(super) async fn drop_ours(
    session: &Session,
    name: &str,
    run: &str,
) -> Result<bool, PostgresError> {
    await_creation(session, name).await?;
    let Some(description) = describe(session, name).await? else {
        return Ok(false);
    };
    if !is_ours(&description, run) {
        return Err(PostgresError::NotOurs {
            database: name.to_owned(),
            run: run.to_owned(),
        });
    }
    // FORCE ends sessions, which on a database of our own making are our own leftovers.
    session
        .batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", identifier(name)))
        .await
        .map_err(PostgresError::query(format!("drop the database `{name}`")))?;
    Ok(true)
}

/// Waits until the server is done with creating the database called `name` for a runner that was killed meanwhile: until then it is
/// not there, and a moment later it is.
async fn await_creation(session: &Session, name: &str) -> Result<(), PostgresError> {
    let deadline = Instant::now() + CREATION;
    let statement = creation(name);
    loop {
        let row = session
            .query_one(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active'
                   AND application_name = 'cutover' AND strpos(query, $1) = 1)",
                &[&statement],
            )
            .await
            .map_err(PostgresError::query("see whether a database is being created"))?;
        if !row.get::<_, bool>(0) || Instant::now() > deadline {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// How the statement begins that creates the database called `name`, by which it is known.
fn creation(name: &str) -> String {
    format!("CREATE DATABASE {} OWNER ", identifier(name))
}

/// Creates the database called `name` with encoding and locale of `like`, owned by `owner` and marked as made by `run`.
///
/// It is closed to sessions until it bears the mark, so that a database with our name, without a mark and never opened can only be what
/// a killed creation left behind; that one, and one that bears the mark already, is dropped first.
pub(super) async fn create(
    session: &Session,
    name: &str,
    owner: &str,
    like: &Description,
    template: &str,
    run: &str,
) -> Result<(), PostgresError> {
    check_name(name)?;
    drop_ours(session, name, run).await?;
    let failed = || PostgresError::query(format!("create the database `{name}`"));
    session
        .batch_execute(&format!(
            "{}{} TEMPLATE {} ENCODING {} LC_COLLATE {} LC_CTYPE {} ALLOW_CONNECTIONS false",
            creation(name),
            identifier(owner),
            identifier(template),
            literal(&like.encoding),
            literal(&like.collate),
            literal(&like.character_type)
        ))
        .await
        .map_err(failed())?;
    // Both in one message, hence in one transaction.
    session
        .batch_execute(&format!(
            "{}; ALTER DATABASE {} ALLOW_CONNECTIONS true",
            mark_statement(name, &Mark::created(run)),
            identifier(name)
        ))
        .await
        .map_err(failed())
}

/// Refuses a name that the server would cut silently.
pub(super) fn check_name(name: &str) -> Result<(), PostgresError> {
    if name.len() <= NAME_LIMIT {
        return Ok(());
    }
    Err(PostgresError::Name {
        name: name.to_owned(),
        limit: NAME_LIMIT,
    })
}

fn is_ours(description: &Description, run: &str) -> bool {
    match &description.comment {
        None => !description.allows_connections,
        Some(comment) => Mark::parse(comment)
            .is_some_and(|mark| mark.kind == MarkKind::Created && mark.run == run),
    }
}
