//! The node: a process with a proxy, an Admin API and a status listener over Kong's real tables.
//!
//! This is its door: the process's entry and what it can be told. What the listeners share is in `state`, how they are opened
//! and ended in `process`; what a path or a plugin means is in the rooms below.

mod admin;
mod answers;
mod configuration;
mod database;
mod declarative;
mod events;
mod facts;
mod hybrid;
mod password;
mod process;
mod proxy;
mod rows;
mod schema;
mod state;
mod store;
mod traffic;

use std::process::ExitCode;

use tokio::sync::mpsc;

pub use process::run;

use super::conf::{Declarative, Settings};
use crate::kong::Version;
use crate::tls::PemError;
use process::Signals;
use state::Node;
use store::StoreError;

/// The file, in the prefix, that says which addresses were bound.
pub const LISTENING: &str = "listening.json";

/// The file of the process id, in the prefix, where Kong has nginx's.
const PID_FILE: &str = "pids/nginx.pid";

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A listener, a signal or a file of the prefix.
    #[error("cannot use {what}: {source}")]
    Io {
        /// What was wanted.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database does not answer, or its tables are not what this version needs.
    #[error("cannot read the configuration: {problem}")]
    Database {
        /// What it said.
        problem: String,
    },
    /// A certificate authority for the database's connections, or the certificate of the cluster's planes, cannot be used.
    #[error(transparent)]
    Authority(#[from] PemError),
    /// The certificate of the cluster's planes does not fit its key.
    #[error("cannot use the cluster's certificate: {0}")]
    Cluster(String),
    /// A declarative configuration cannot be used.
    #[error("{0}")]
    Declarative(String),
    /// The stand-in was not recorded from this version.
    #[error("there is no stand-in for Kong {version}: only for 2.8.5, 3.4.2 and 3.9.1")]
    Version {
        /// The version.
        version: Version,
    },
}

impl From<StoreError> for NodeError {
    fn from(error: StoreError) -> Self {
        Self::Database {
            problem: error.to_string(),
        }
    }
}

/// Whether a node of `version` with these settings could run the configuration; what is wrong is told in Kong's words.
pub fn check_declarative(
    version: &Version,
    settings: &Settings,
    from: &Declarative,
) -> Result<(), NodeError> {
    let node = Node::new(*version, settings.clone())?;
    configuration::read(&node, from).map(|_| ())
}

/// What a node can be told while it runs, as by signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// HUP: build routes and plugins anew; counters and cached keys stay.
    Reload,
    /// QUIT: end after the requests in flight.
    Quit,
    /// TERM: end at once.
    Stop,
}

/// Runs a node of `version` until a signal ends it: TERM and INT at once, QUIT after the requests in flight. HUP reloads.
///
/// The addresses it listens on are written to [`LISTENING`] in the prefix once it answers, and its process id to
/// `pids/nginx.pid`.
#[must_use]
pub fn main(version: &Version, settings: Settings) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs only file descriptors");
    let ended = runtime.block_on(async {
        let (orders, ordered) = mpsc::channel(8);
        let signals = Signals::new()?;
        tokio::spawn(signals.forward(orders));
        // As nginx does when it has begun, and no earlier: from here on no terminal and no step's process group takes it along. Started by
        // hand from a shell it leads a process group already, and stays where it is.
        let leave = || {
            let _ = rustix::process::setsid();
        };
        run(*version, settings, ordered, leave).await
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
