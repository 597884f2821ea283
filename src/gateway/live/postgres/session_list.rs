//! Who else is connected, and who waits for whom.
//!
//! Statements are shown shortened and without their literals, which may be secrets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::PostgresError;
use super::quote::identifier;
use super::session::Session;

/// How much of a statement is shown.
const SHOWN: usize = 160;

/// A session that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherSession {
    /// The backend's process id on the server.
    pub pid: i32,
    /// The role.
    pub user: String,
    /// What it calls itself.
    pub application: String,
    /// Its address; absent on a Unix socket, or where we may not see it.
    pub client: Option<String>,
    /// `active`, `idle`, …; absent where we may not see it.
    pub state: Option<String>,
    /// When it connected.
    pub since: Option<Timestamp>,
    /// When its transaction began, where it is in one.
    pub transaction_since: Option<Timestamp>,
    /// Whether the role is a superuser, whose sessions only a superuser can end.
    pub superuser: bool,
    /// Whether we may end it.
    pub endable: bool,
}

/// A session that waits for others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Who waits.
    pub waiting: Statement,
    /// For whom.
    pub blockers: Vec<Statement>,
}

/// A session seen by what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The backend's process id on the server.
    pub pid: i32,
    /// The role.
    pub user: String,
    /// What it calls itself.
    pub application: String,
    /// Its statement, shortened, every literal replaced by `…`.
    pub query: String,
    /// Since when: of the waiting the statement's begin, of the blocking the transaction's.
    pub since: Option<Timestamp>,
}

/// Every client session on the database called `name` but `session` itself.
pub async fn sessions(session: &Session, name: &str) -> Result<Vec<OtherSession>, PostgresError> {
    let rows = session
        .query(
            "SELECT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), host(a.client_addr), a.state,
                    a.backend_start, a.xact_start, coalesce(r.rolsuper, false),
                    coalesce((SELECT me.rolsuper FROM pg_catalog.pg_roles me WHERE me.rolname = current_user), false)
                      OR (NOT coalesce(r.rolsuper, false)
                          AND (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))
             FROM pg_catalog.pg_stat_activity a
             LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
             WHERE a.datname = $1 AND a.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL
             ORDER BY a.backend_start, a.pid",
            &[&name],
        )
        .await
        .map_err(PostgresError::query("list sessions"))?;
    Ok(rows
        .iter()
        .map(|row| OtherSession {
            pid: row.get(0),
            user: row.get(1),
            application: row.get(2),
            client: row.get(3),
            state: row.get(4),
            since: row.get(5),
            transaction_since: row.get(6),
            superuser: row.get(7),
            endable: row.get::<_, Option<bool>>(8).unwrap_or(false),
        })
        .collect())
}

/// Every session that waits for a lock in the database called `name`, and whom it waits for; also those of cutover's that stand outside
/// and change the database itself, as renaming does. They are known by their statement, since others may change other databases.
pub async fn who_blocks_whom(session: &Session, name: &str) -> Result<Vec<Blocked>, PostgresError> {
    let rows = session
        .query(
            "SELECT w.pid, coalesce(w.usename::text, ''), coalesce(w.application_name, ''), coalesce(w.query, ''), w.query_start,
                    b.pid, coalesce(b.usename::text, ''), coalesce(b.application_name, ''), coalesce(b.query, ''), b.xact_start
             FROM pg_catalog.pg_stat_activity w
             CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker(pid)
             JOIN pg_catalog.pg_stat_activity b ON b.pid = blocker.pid
             WHERE w.datname = $1 OR (w.application_name = 'cutover' AND strpos(w.query, $2) > 0)
             ORDER BY w.query_start, w.pid, b.pid",
            &[&name, &identifier(name)],
        )
        .await
        .map_err(PostgresError::query("see who waits for whom"))?;
    let mut found: Vec<Blocked> = Vec::new();
    for row in &rows {
        let statement = |first: usize| Statement {
            pid: row.get(first),
            user: row.get(first + 1),
            application: row.get(first + 2),
            query: without_literals(row.get(first + 3)),
            since: row.get(first + 4),
        };
        let (waiting, blocker) = (statement(0), statement(5));
        match found.last_mut() {
            Some(last) if last.waiting.pid == waiting.pid => last.blockers.push(blocker),
            _ => found.push(Blocked {
                waiting,
                blockers: vec![blocker],
            }),
        }
    }
    Ok(found)
}

/// `query` on one line, shortened, with `…` for everything in quotes.
fn without_literals(query: &str) -> String {
    let mut shown = String::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = after_literal(rest) {
            shown.push('…');
            rest = after;
            continue;
        }
        let space = first.is_whitespace();
        if !(space && shown.ends_with(' ')) {
            shown.push(if space { ' ' } else { first });
        }
        rest = &rest[first.len_utf8()..];
    }
    shown.chars().take(SHOWN).collect()
}

/// What follows the literal that `text` begins with; nothing where it begins with none.
///
/// Where the end is in doubt (cut off by the server, or a backslash that may escape the quote), everything is the literal.
fn after_literal(text: &str) -> Option<&str> {
    if let Some(body) = text.strip_prefix('\'') {
        let (literal, after) = body.split_once('\'').unwrap_or((body, ""));
        return Some(if literal.contains('\\') { "" } else { after });
    }
    let (tag, _) = text.strip_prefix('$')?.split_once('$')?;
    let is_tag = !tag.starts_with(|first: char| first.is_ascii_digit())
        && tag
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
    let delimiter = &text[..tag.len() + 2];
    let after = text[delimiter.len()..].split_once(delimiter);
    is_tag.then(|| after.map_or("", |(_, after)| after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_not_shown() {
        assert_eq!(
            without_literals("INSERT INTO t\n  VALUES ('it''s', $$x$$, 'cut"),
            "INSERT INTO t VALUES (……, …, …"
        );
        assert_eq!(
            without_literals("SELECT $1, $a$ it's $$ $a$, E'x\\' secret' FROM t"),
            "SELECT $1, …, E…"
        );
    }
}
