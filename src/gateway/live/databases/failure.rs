//! What PostgreSQL's errors are to a step: a stable code, and a hint where there is one.

use crate::gateway::Failure;
use crate::gateway::live::postgres::PostgresError;
use crate::gateway::live::process::ProcessError;

impl From<PostgresError> for Failure {
    fn from(error: PostgresError) -> Self {
        let code = code(&error);
        let failure = Self::new(code, error.to_string());
        match code {
            "database.unreachable" => failure.hint("is the server up, and do `[databases]` and the secret of the environment file fit it?"),
            "database.closed" => failure.hint("somebody closed it, or a swap was killed half-way: `cutover rollback RUN` goes on with that"),
            "database.no_tool" => failure.hint("install the server's own client tools, such as `postgresql-client-15`"),
            "gap.layout" => failure.hint("an older Kong's counters: bring them to the layout of 2.1 or newer first, or leave them behind"),
            "gap.other" => failure.hint("if nobody carries for that one any more, end it: `gap::close` with its two databases"),
            "kong.catch_up.unknown" => failure.hint("begin anew with a fresh copy, and keep writers away (`freeze=admin_off` or `deny`)"),
            "kong.catch_up.conflict" => failure.hint("look at both, bring the copy back to what it was there, or begin anew with a fresh copy"),
            "database.space" => failure.hint("free some space, or name another storage in the environment file"),
            _ => failure,
        }
    }
}

/// SQLSTATE of a database that takes no connections, as a swap leaves it that was killed half-way.
const CLOSED: &str = "55000";

/// What the system says where a file has no room.
const NO_SPACE: &str = "No space left on device";

fn code(error: &PostgresError) -> &'static str {
    match error {
        PostgresError::Unfinished { source, .. } => code(source),
        PostgresError::Connect {
            state: Some(state), ..
        } if state == CLOSED => "database.closed",
        PostgresError::Connect { .. } => "database.unreachable",
        PostgresError::NoTool { .. } => "database.no_tool",
        PostgresError::Space { .. } => "database.space",
        PostgresError::Tool { output, .. } if output.contains(NO_SPACE) => "database.space",
        PostgresError::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            "database.space"
        }
        PostgresError::Damaged { .. } => "database.backup.damaged",
        PostgresError::Differs { .. } => "database.different",
        PostgresError::SessionsRemain { .. } => "database.in_use",
        PostgresError::Layout { .. } => "gap.layout",
        PostgresError::OtherGap { .. } => "gap.other",
        PostgresError::Unbringable { .. } => "kong.catch_up.unknown",
        PostgresError::WrittenTwice { .. } => "kong.catch_up.conflict",
        PostgresError::Process(ProcessError::NoLook { .. }) => "look.program",
        PostgresError::Writable => "look.session",
        PostgresError::Secret(_) => "secret.unavailable",
        _ => "database.failed",
    }
}
