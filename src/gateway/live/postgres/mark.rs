//! Databases that we make, and how we know them again: a mark in the database's comment.
//!
//! Invariant: nothing here drops a database that does not bear the mark of the run that asks for it.

use serde::{Deserialize, Serialize};

use super::catalog::{Description, describe};
use super::error::PostgresError;
use super::quote::{identifier, literal};
use super::session::{Role, Session, connect};
use crate::environment::Database;

/// What a mark begins with; the rest is JSON.
const PREFIX: &str = "cutover:";

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
    drop_ours(session, name, run).await?;
    let failed = || PostgresError::query(format!("create the database `{name}`"));
    session
        .batch_execute(&format!(
            "CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING {} LC_COLLATE {} LC_CTYPE {} ALLOW_CONNECTIONS false",
            identifier(name),
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

fn is_ours(description: &Description, run: &str) -> bool {
    match &description.comment {
        None => !description.allows_connections,
        Some(comment) => Mark::parse(comment)
            .is_some_and(|mark| mark.kind == MarkKind::Created && mark.run == run),
    }
}
