//! Swapping databases by renaming: the live one is retired under a dated name, a restored one takes its place.
//!
//! Invariant: both renames are one transaction, so at every moment exactly one database bears the live name. Every point at which
//! a swap can be killed is told apart by [`swap_state`], and [`swap`] goes on from there.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::catalog::{Description, describe};
use super::error::PostgresError;
use super::mark::{Mark, MarkKind, check_name, comment_statement, mark_statement};
use super::quote::identifier;
use super::session::{Role, Session, connect};
use super::session_list::sessions;
use crate::environment::Database;

/// How long ended sessions may take to go. A backend in the middle of a large rollback needs a while.
const PATIENCE: Duration = Duration::from_secs(15);

/// SQLSTATE of a rename that finds sessions on the database.
const IN_USE: &str = "55006";

/// The three names of a swap. Swapping back is a swap whose `fresh` is the retired database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapNames {
    /// The name that nodes connect to.
    pub live: String,
    /// The database that is to go live.
    pub fresh: String,
    /// The name under which the one that is live now is kept; it must be new for every swap.
    pub retired: String,
}

/// Where a swap stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwapState {
    /// Nothing has been done.
    NotBegun,
    /// The live database admits no sessions; nothing is renamed. Production is down until the swap goes on or the database is opened.
    Closed,
    /// Renamed, but the live database admits no sessions yet. Production is down until the swap goes on.
    Renamed,
    /// Done.
    Done,
    /// The databases are not there: this swap can neither go on nor have happened.
    Impossible,
}

/// A swap that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swapped {
    /// Where it began.
    pub from: SwapState,
    /// Sessions that were ended.
    pub ended: usize,
    /// How long the live name admitted no sessions, as far as this call was there.
    pub closed_for: Duration,
}

/// Probes where the swap of `names` stands.
pub async fn swap_state(
    database: &Database,
    names: &SwapNames,
) -> Result<SwapState, PostgresError> {
    let session = connect(database, Role::Admin, None).await?;
    let state = Present::probe(&session, names).await?.state();
    session.close().await;
    Ok(state)
}

/// Swaps, from wherever the swap stands. If sessions cannot be ended, the live database is opened again and nothing has changed.
pub async fn swap(
    database: &Database,
    names: &SwapNames,
    run: &str,
) -> Result<Swapped, PostgresError> {
    for name in [&names.live, &names.fresh, &names.retired] {
        check_name(name)?;
    }
    let session = connect(database, Role::Admin, None).await?;
    let begin = Instant::now();
    let present = Present::probe(&session, names).await?;
    let from = present.state();
    let mut ended = 0;
    match (from, present) {
        (SwapState::Done, _) => {}
        (SwapState::Renamed, _) => open(&session, &names.live).await?,
        (
            SwapState::NotBegun | SwapState::Closed,
            Present {
                live: Some(live),
                fresh: Some(fresh),
                ..
            },
        ) => {
            ended = exchange(&session, names, &live, &fresh, run).await?;
        }
        (_, present) => {
            return Err(PostgresError::NothingToSwap {
                live: names.live.clone(),
                fresh: names.fresh.clone(),
                retired: names.retired.clone(),
                live_exists: present.live.is_some(),
                fresh_exists: present.fresh.is_some(),
                retired_exists: present.retired.is_some(),
            });
        }
    }
    session.close().await;
    Ok(Swapped {
        from,
        ended,
        closed_for: begin.elapsed(),
    })
}

/// Which of the three are there.
struct Present {
    live: Option<Description>,
    fresh: Option<Description>,
    retired: Option<Description>,
}

impl Present {
    async fn probe(session: &Session, names: &SwapNames) -> Result<Self, PostgresError> {
        Ok(Self {
            live: describe(session, &names.live).await?,
            fresh: describe(session, &names.fresh).await?,
            retired: describe(session, &names.retired).await?,
        })
    }

    fn state(&self) -> SwapState {
        match (&self.live, &self.fresh, &self.retired) {
            (Some(live), Some(_), None) if live.allows_connections => SwapState::NotBegun,
            (Some(_), Some(_), None) => SwapState::Closed,
            (Some(live), None, Some(_)) if live.allows_connections => SwapState::Done,
            (Some(_), None, Some(_)) => SwapState::Renamed,
            _ => SwapState::Impossible,
        }
    }
}

/// Closes, empties and renames; opens again what was closed if that fails.
async fn exchange(
    session: &Session,
    names: &SwapNames,
    live: &Description,
    fresh: &Description,
    run: &str,
) -> Result<usize, PostgresError> {
    // Only what we restored or retired goes live; a mistyped name must not put somebody else's database there.
    if fresh.comment.as_deref().and_then(Mark::parse).is_none() {
        return Err(PostgresError::NotOurs {
            database: names.fresh.clone(),
            run: run.to_owned(),
        });
    }
    allow(session, &names.live, false).await?;
    let exchanged = async {
        let ended = end_sessions(session, &names.live).await?;
        end_sessions(session, &names.fresh).await?;
        rename(session, names, live, fresh, run).await?;
        Ok(ended)
    };
    match exchanged.await {
        Ok(ended) => {
            open(session, &names.live).await?;
            Ok(ended)
        }
        Err(error) => {
            // Whichever database bears the live name now must answer; the first error is the one to tell.
            let _ = open(session, &names.live).await;
            Err(error)
        }
    }
}

async fn rename(
    session: &Session,
    names: &SwapNames,
    live: &Description,
    fresh: &Description,
    run: &str,
) -> Result<(), PostgresError> {
    let live_mark = live.comment.as_deref().and_then(Mark::parse);
    let fresh_mark = fresh.comment.as_deref().and_then(Mark::parse);
    let own_comment = match live_mark {
        Some(mark) => mark.comment,
        None => live.comment.clone(),
    };
    let retired = Mark {
        kind: MarkKind::Retired,
        run: run.to_owned(),
        comment: own_comment.clone(),
    };
    // What goes live loses its mark, so that nothing of ours would ever drop it, and bears the comment that the live database has.
    let live_comment = match fresh_mark {
        Some(Mark {
            kind: MarkKind::Retired,
            comment,
            ..
        }) => comment,
        Some(_) | None => own_comment,
    };
    // One message is one transaction: if any part fails, none has happened.
    let statements = [
        format!(
            "ALTER DATABASE {} RENAME TO {}",
            identifier(&names.live),
            identifier(&names.retired)
        ),
        format!(
            "ALTER DATABASE {} RENAME TO {}",
            identifier(&names.fresh),
            identifier(&names.live)
        ),
        mark_statement(&names.retired, &retired),
        comment_statement(&names.live, live_comment.as_deref()),
    ];
    let renamed = session
        .batch_execute(&format!("BEGIN; {}; COMMIT", statements.join("; ")))
        .await
        .map_err(PostgresError::query(format!("rename `{}`", names.live)));
    let Err(error) = renamed else {
        return Ok(());
    };
    session
        .batch_execute("ROLLBACK")
        .await
        .map_err(PostgresError::query("roll the renames back"))?;
    if error.has_state(IN_USE) {
        return Err(PostgresError::SessionsRemain {
            database: names.live.clone(),
            sessions: sessions(session, &names.live).await?,
        });
    }
    Err(error)
}

/// Ends every session on the database called `name` and waits until they are gone; answers how many there were.
pub(super) async fn end_sessions(session: &Session, name: &str) -> Result<usize, PostgresError> {
    let end = Instant::now() + PATIENCE;
    let mut ended = std::collections::BTreeSet::new();
    loop {
        let there = sessions(session, name).await?;
        if there.is_empty() {
            return Ok(ended.len());
        }
        // Who cannot be ended will not go by waiting: production is closed while we wait.
        if there.iter().any(|other| !other.endable) || Instant::now() > end {
            return Err(PostgresError::SessionsRemain {
                database: name.to_owned(),
                sessions: there,
            });
        }
        for other in &there {
            // A session that ended by itself meanwhile is a warning to the server, not an error.
            session
                .execute("SELECT pg_terminate_backend($1)", &[&other.pid])
                .await
                .map_err(PostgresError::query(format!("end session {}", other.pid)))?;
            ended.insert(other.pid);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn open(session: &Session, name: &str) -> Result<(), PostgresError> {
    allow(session, name, true).await
}

pub(super) async fn allow(
    session: &Session,
    name: &str,
    connections: bool,
) -> Result<(), PostgresError> {
    session
        .batch_execute(&format!(
            "ALTER DATABASE {} ALLOW_CONNECTIONS {connections}",
            identifier(name)
        ))
        .await
        .map_err(PostgresError::query(format!(
            "open or close the database `{name}`"
        )))
}
