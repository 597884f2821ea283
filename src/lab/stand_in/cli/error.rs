//! What a command ends with when it fails, in Kong's words, capitals and all: they are what a tool has to recognise.

use std::io;
use std::path::PathBuf;

use crate::lab::stand_in::conf::ConfError;
use crate::lab::stand_in::migrations::{ConnectError, MigrationError};

/// What Kong says about a database without its tables, by `list` on standard output and by others in an error.
pub(super) const NEEDS_BOOTSTRAP: &str = "Database needs bootstrapping or is older than Kong 1.0.

To start a new installation from scratch, run 'kong migrations bootstrap'.

To migrate from a version older than 1.0, migrated to Kong 1.5.0 first. 
If you still have 'apis' entities, you can convert them to Routes and Services
using the 'kong migrations migrate-apis' command in Kong 1.5.0.

";

/// Where Kong's file with the sentences about migrations lies; `start` prints it before them.
const MIGRATIONS_LUA: &str = "/usr/local/share/lua/5.1/kong/cmd/utils/migrations.lua";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// Printed as it is, without `Error:`.
    #[error("{0}")]
    Usage(String),
    /// The configuration.
    #[error(transparent)]
    Conf(#[from] ConfError),
    /// The database cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A migration, its lock, or a query.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// `up` or `finish` of an empty database.
    #[error("Cannot run migrations: {NEEDS_BOOTSTRAP}")]
    CannotMigrateEmpty,
    /// `start` on an empty database.
    #[error("{NEEDS_BOOTSTRAP}")]
    Empty,
    /// `up` while something is pending.
    #[error("Database has pending migrations; run 'kong migrations finish'")]
    Pending,
    /// `start` while something is new.
    #[error("New migrations available; run 'kong migrations up' to proceed")]
    New,
    /// `reset` without a person.
    #[error("not a tty: invoke 'reset' non-interactively with the --yes flag")]
    NoTerminal,
    /// An error as `start` prints it, with the place in Kong's own file.
    #[error("{MIGRATIONS_LUA}:{line}: {source}")]
    Located {
        /// The line there.
        line: u16,
        /// The error.
        source: Box<CommandError>,
    },
    /// A number was wanted.
    #[error("{option} is not a number: '{value}'")]
    NotANumber {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
    },
    /// The prefix is not there.
    #[error("no such prefix: {}", .0.display())]
    NoPrefix(PathBuf),
    /// The prefix cannot be made.
    #[error("could not prepare Kong prefix at {}: {problem}", prefix.display())]
    Unprepared {
        /// The prefix.
        prefix: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A node runs in the prefix already.
    #[error("Kong is already running in {}", .0.display())]
    AlreadyRunning(PathBuf),
    /// No node runs in the prefix.
    #[error("nginx not running in prefix: {}", .0.display())]
    NotRunning(PathBuf),
    /// `health` without a node.
    #[error("Kong is not running at {}", .0.display())]
    NotHealthy(PathBuf),
    /// An address is taken.
    #[error("nginx: [emerg] bind() to {address} failed (98: Address already in use)")]
    AddressInUse {
        /// The address.
        address: std::net::SocketAddr,
    },
    /// The node ended before it listened.
    #[error("stand-in: the node ended before it listened; see {}", .0.display())]
    NodeEnded(PathBuf),
    /// A file or process could not be made or signalled.
    #[error("stand-in: cannot {what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// `config db_import` without a database.
    #[error(
        "'kong config db_import' only works with a database.\nWhen using database=off, reload your declarative configuration\nusing the /config endpoint."
    )]
    NothingToImportInto,
    /// `db_export` never overwrites.
    #[error("{0} already exists. Will not overwrite it.")]
    Exists(String),
    /// nginx does not start with a declarative configuration.
    #[error(
        "nginx: [error] init_by_lua error: /usr/local/share/lua/5.1/kong/init.lua:{line}: {problem}"
    )]
    Init {
        /// The line there.
        line: u16,
        /// What is wrong.
        problem: String,
    },
    /// `db_export` without a database.
    #[error("'kong config db_export' only works with a database.")]
    NothingToExport,
    /// A declarative file that cannot be used.
    #[error("Failed parsing:\n{0}")]
    Declarative(String),
    /// `config parse` and `db_import` want a file.
    #[error("expected a declarative configuration file; see `kong config --help`")]
    NoDeclarativeFile,
}

impl CommandError {
    /// For `map_err`: a failure to do `what`.
    pub(super) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}
