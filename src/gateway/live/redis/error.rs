//! What can go wrong between cutover and a Redis.

use super::super::secret::SecretError;
use super::super::trust::TlsError;
use crate::gateway::Failure;

/// Why something about a Redis failed.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The password could not be fetched.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The connection cannot be protected as wanted.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No connection.
    #[error("cannot connect to the Redis `{name}` at {address}: {reason}")]
    Connect {
        /// As the environment calls it, with the number of the database.
        name: String,
        /// Host and port.
        address: String,
        /// The system's or the server's words.
        reason: String,
    },
    /// It refused a command, or the connection broke.
    #[error("cannot {doing} in the Redis `{name}`: {reason}")]
    Command {
        /// As the environment calls it, with the number of the database.
        name: String,
        /// What the command was for, fit after "cannot".
        doing: &'static str,
        /// The server's words.
        reason: String,
    },
    /// Another runner has begun a round since ours began.
    #[error("another round of carrying counters has begun in the Redis `{name}`")]
    Overtaken {
        /// As the environment calls it, with the number of the database.
        name: String,
    },
    /// Something that would write, for somebody who only looks.
    #[error("counting in the Redis `{name}` is no look, and nothing else is done here")]
    Look {
        /// As the environment calls it, with the number of the database.
        name: String,
    },
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        let message = error.to_string();
        match error {
            RedisError::Secret(_) | RedisError::Tls(_) | RedisError::Connect { .. } => {
                Self::new("gap.redis.unreachable", message).hint(
                    "does it run, and do `[redis]` and the secret of the environment file fit it? Taken out of `redis` of its database, it is left alone, and what may pass again is told",
                )
            }
            RedisError::Command { .. } => Self::new("gap.redis.refused", message)
                .hint("its user needs `@read`, `@write` and `evalsha` on the counters' keys and on `cutover:*`, and `info`, `select`, `scan` and `script|load`"),
            RedisError::Overtaken { .. } => Self::new("gap.redis.overtaken", message)
                .hint("another runner carries between the same sides: find it, and let one of the two go on"),
            RedisError::Look { .. } => Self::new("look.request", message),
        }
    }
}
