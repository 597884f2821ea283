//! What can go wrong with a practice cluster.

use std::io;
use std::path::PathBuf;

use super::super::postgres::PostgresError;
use super::super::seed::SeedError;
use crate::kong::Version;

/// Why a practice cluster could not be brought up, taken down, looked at or broken.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// The directory holds something.
    #[error("`{}` is in use already", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The directory holds no practice cluster.
    #[error("there is no practice cluster in `{}`", directory.display())]
    NotThere {
        /// The directory.
        directory: PathBuf,
    },
    /// Bringing the cluster up was interrupted.
    #[error("the practice cluster in `{}` was not brought up to its end", directory.display())]
    Incomplete {
        /// The directory.
        directory: PathBuf,
    },
    /// Whoever wanted the cluster changed their mind.
    #[error("interrupted; what was started is down again")]
    Interrupted,
    /// PostgreSQL, which does not run as root, cannot get to its files.
    #[error("the user `postgres`, as whom PostgreSQL runs under root, may not enter `{}`", closed.display())]
    Closed {
        /// The nearest directory above that is closed.
        closed: PathBuf,
    },
    /// Something was asked for that this topology has no use for.
    #[error("`{option}` makes no sense with `--topology {topology}`: {reason}")]
    Senseless {
        /// What was asked for.
        option: &'static str,
        /// The topology.
        topology: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// A fault of the database, where there is none.
    #[error("the nodes of this practice cluster have no database")]
    NoDatabase,
    /// A fault that only another kind of node can have.
    #[error("`{node}` is no {wanted}")]
    OtherRole {
        /// The node.
        node: String,
        /// What it would have to be.
        wanted: &'static str,
    },
    /// A server of the distribution was asked for and is not there.
    #[error("what was asked for is not installed: there is no `{program}`")]
    NotInstalled {
        /// Where it would be.
        program: &'static str,
    },
    /// The private server.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// HAProxy, which runs and does not do what it is told.
    #[error(transparent)]
    Haproxy(#[from] crate::haproxy::HaproxyError),
    /// A statement on the private server.
    #[error("the practice database refused: {}", database_words(.0))]
    Database(#[from] tokio_postgres::Error),
    /// A certificate for the private server.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A file or directory.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the practice cluster does not hold what it should.
    #[error("cannot read `{}`: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A program could not be started.
    #[error("cannot start `{program}`: {source}")]
    Spawn {
        /// The program with its arguments.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("`{program}` failed: {output}")]
    Failed {
        /// The program with its arguments.
        program: String,
        /// What it printed.
        output: String,
    },
    /// The Admin API refused the configuration.
    #[error("cannot configure the practice gateway: {0}")]
    Seed(#[from] SeedError),
    /// Something did not come in time.
    #[error("{what} after {seconds} s")]
    Late {
        /// What is not as it should be.
        what: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A node is not the version that it should be.
    #[error("on `{node}` version {found} {what}, not {wanted}")]
    OtherVersion {
        /// The node.
        node: String,
        /// What the version does there: is installed, runs, is claimed.
        what: &'static str,
        /// The version found.
        found: String,
        /// The version wanted.
        wanted: Version,
    },
    /// No node has this name.
    #[error("there is no node `{name}`, only {}", list(known))]
    UnknownNode {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}

/// The server's own words where it said something; the driver's `Display` leaves them out.
fn database_words(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |refusal| refusal.message().to_owned())
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
