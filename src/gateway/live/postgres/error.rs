//! What can go wrong between cutover and a PostgreSQL server: facts, never sentences made by the caller.

use std::path::{Path, PathBuf};

use super::super::process::{Ending, ProcessError};
use super::super::secret::SecretError;
use super::digest::Difference;
use super::session_list::OtherSession;
use super::tls::TlsError;
use super::verify::Damage;

/// Why something about a database failed.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The password could not be fetched.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The connection cannot be protected as wanted.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A client tool could not be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// No connection.
    #[error("cannot connect to database `{database}` on {host}:{port} as `{user}`: {reason}")]
    Connect {
        /// Host or socket directory.
        host: String,
        /// Port.
        port: u16,
        /// Database.
        database: String,
        /// Role.
        user: String,
        /// SQLSTATE, where the server answered.
        state: Option<String>,
        /// The driver's or server's words.
        reason: String,
    },
    /// A session that is only to look could write.
    #[error("the server did not open a session read-only, as it was asked to")]
    Writable,
    /// The server refused a statement, or the connection broke.
    #[error("cannot {doing}: {message}{}", state.as_deref().map(|state| format!(" (SQLSTATE {state})")).unwrap_or_default())]
    Query {
        /// What the statement was for, fit after "cannot".
        doing: String,
        /// SQLSTATE, where the server answered.
        state: Option<String>,
        /// The server's words.
        message: String,
    },
    /// No client tools that can serve this server are installed.
    #[error(
        "no `{program}` for PostgreSQL {server_major} or newer is installed, only {}",
        majors(found)
    )]
    NoTool {
        /// The program.
        program: &'static str,
        /// The server's major version.
        server_major: u32,
        /// The major versions that are installed.
        found: Vec<u32>,
    },
    /// A client tool failed.
    #[error("`{program}` failed ({ending}): {output}")]
    Tool {
        /// The program.
        program: String,
        /// How it ended.
        ending: Ending,
        /// What it printed to standard error.
        output: String,
    },
    /// A backup failed half-way.
    #[error("{source}; the unfinished backup `{}` {}", path.display(), if *removed { "was removed" } else { "could not be removed" })]
    Unfinished {
        /// The backup's directory.
        path: PathBuf,
        /// Whether it is gone.
        removed: bool,
        /// Why the backup failed.
        source: Box<PostgresError>,
    },
    /// A file or directory of ours could not be used.
    #[error("cannot use `{}`: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is too little room for a backup.
    #[error("`{}` has {free} bytes free and needs {needed}", path.display())]
    Space {
        /// The directory.
        path: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// A backup is not what its manifest says, or not the one that was meant.
    #[error("the backup `{}` is damaged: {damage}", path.display())]
    Damaged {
        /// The backup's directory.
        path: PathBuf,
        /// What is wrong.
        damage: Damage,
    },
    /// What was restored is not what was dumped.
    #[error("`{database}` differs from the backup in {} tables, first `{}`", differences.len(), differences.first().map_or("", |difference| &difference.table))]
    Differs {
        /// The restored database.
        database: String,
        /// Every table that differs.
        differences: Vec<Difference>,
    },
    /// A database of that name exists, and we did not make it.
    #[error("the database `{database}` exists and bears no mark of run `{run}`")]
    NotOurs {
        /// The database.
        database: String,
        /// The run whose mark was looked for.
        run: String,
    },
    /// A name that the server would cut, so that another database would be meant.
    #[error("`{name}` is too long for a database's name: {} bytes, at most {limit}", name.len())]
    Name {
        /// The name.
        name: String,
        /// The server's limit in bytes.
        limit: usize,
    },
    /// Something took longer than it may.
    #[error("gave up {doing} after {} s", limit.as_secs())]
    Deadline {
        /// What was done, fit after "gave up".
        doing: &'static str,
        /// How long it was allowed to take.
        limit: std::time::Duration,
    },
    /// The database does not exist.
    #[error("there is no database `{database}`")]
    Missing {
        /// The database.
        database: String,
    },
    /// Sessions that could not be ended keep a database from being renamed.
    #[error("{} sessions on `{database}` could not be ended", sessions.len())]
    SessionsRemain {
        /// The database.
        database: String,
        /// Who is still there.
        sessions: Vec<OtherSession>,
    },
    /// The databases that a swap needs are not there.
    #[error("cannot swap: `{live}` {}, `{fresh}` {}, `{retired}` {}", there(*live_exists), there(*fresh_exists), there(*retired_exists))]
    NothingToSwap {
        /// The name that nodes connect to.
        live: String,
        /// The database to go live.
        fresh: String,
        /// The name under which the live one is kept.
        retired: String,
        /// Whether each exists.
        live_exists: bool,
        /// Likewise.
        fresh_exists: bool,
        /// Likewise.
        retired_exists: bool,
    },
    /// A table of counters is not as ours are known to be.
    #[error("the table `{table}` is not of a layout whose counters can be carried: {}", if missing.is_empty() { "its key is another".to_owned() } else { format!("it has no column `{}`", missing.join("`, `")) })]
    Layout {
        /// The table.
        table: &'static str,
        /// The columns that it lacks.
        missing: Vec<String>,
    },
    /// Configuration was written into tables whose rows cannot be brought to a copy.
    #[error("rows of `{}` cannot be brought to the copy: it has no such table, or nothing identifies a row there", tables.join("`, `"))]
    Unbringable {
        /// The tables.
        tables: Vec<String>,
    },
    /// The same rows were written on both sides, or one depends on what the other side took away.
    #[error("written on both sides, or gone with what was taken away: {}", rows.join(", "))]
    WrittenTwice {
        /// Tables and keys of the first of them.
        rows: Vec<String>,
    },
    /// The counters of a database are part of another gap.
    #[error("the counters are part of another gap, which began at {since}")]
    OtherGap {
        /// When that began.
        since: jiff::Timestamp,
    },
}

impl PostgresError {
    /// Turns the driver's error into facts; `doing` fits after "cannot".
    pub(in crate::gateway::live) fn query(
        doing: impl Into<String>,
    ) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let doing = doing.into();
        move |error| Self::Query {
            doing,
            state: error.code().map(|code| code.code().to_owned()),
            message: words(&error),
        }
    }

    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// Whether the server answered with this SQLSTATE.
    pub(super) fn has_state(&self, wanted: &str) -> bool {
        matches!(self, Self::Query { state: Some(state), .. } if state == wanted)
    }
}

/// The class of SQLSTATE of values that are not what they must be.
const DATA_EXCEPTION: &str = "22";

/// The driver's error in words: its own `Display` says "db error" only.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        // These words quote the value, which may be a token or a key.
        (Some(answer), _) if answer.code().code().starts_with(DATA_EXCEPTION) => {
            "it refuses a value, which is not shown here".to_owned()
        }
        (Some(answer), _) => answer.message().to_owned(),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// Major versions in words.
fn majors(found: &[u32]) -> String {
    let texts: Vec<String> = found.iter().map(u32::to_string).collect();
    if texts.is_empty() {
        return "none at all".to_owned();
    }
    texts.join(", ")
}

fn there(exists: bool) -> &'static str {
    if exists { "exists" } else { "does not exist" }
}
