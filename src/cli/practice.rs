//! `cutover practice up|down`: a cluster to practise on, in one directory.

use std::path::{Path, PathBuf};

use super::exit::{CliError, Exit};
use super::output;
use crate::kong::Version;
use crate::lab::postgres::PostgresError;
use crate::lab::practice::{self, Options, PracticeError, Remains};

/// The verbs of `cutover practice`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Brings a cluster up: two nodes on a private PostgreSQL, a load balancer in front, an echo server behind.
    Up {
        #[command(flatten)]
        place: PracticePlace,
        /// The version that runs at first.
        #[arg(long, default_value = "2.8.5")]
        version: Version,
    },
    /// Takes the cluster down.
    Down {
        #[command(flatten)]
        place: PracticePlace,
        /// Remove its directory as well.
        #[arg(long)]
        remove: bool,
    },
}

/// Where the practice cluster is.
#[derive(Debug, clap::Args)]
pub(super) struct PracticePlace {
    /// The cluster's directory.
    #[arg(long, value_name = "DIRECTORY", default_value = "practice")]
    directory: PathBuf,
}

pub(super) async fn practice(verb: Verb) -> Result<Exit, CliError> {
    match verb {
        Verb::Up { place, version } => up(&place.directory, version).await?,
        Verb::Down { place, remove } => {
            let remains = if remove {
                Remains::Remove
            } else {
                Remains::Keep
            };
            let ended = practice::down(&place.directory, remains).await?;
            output::data(&format!("down: {ended} processes ended"));
        }
    }
    Ok(Exit::Done)
}

async fn up(directory: &Path, version: Version) -> Result<(), CliError> {
    output::people(
        "bringing the practice cluster up: PostgreSQL, two nodes, a load balancer, an echo server",
    );
    let options = Options {
        binary: own_binary()?,
        version,
    };
    let practice = tokio::select! {
        up = practice::up(directory, &options) => up?,
        _ = tokio::signal::ctrl_c() => {
            practice::down(directory, Remains::Remove).await?;
            return Err(CliError::refused("interrupted; what was started is down again"));
        }
    };
    output::data(&format!(
        "up: {} nodes of {version}, clients use {}",
        practice.nodes.len(),
        practice.url
    ));
    output::data(&format!("environment: {}", practice.environment.display()));
    output::people(&format!(
        "next: cutover run in-place --environment {} cluster=practice to=3.4.2 bake=5s checks='{}'",
        practice.environment.display(),
        practice.checks
    ));
    Ok(())
}

/// The binary that runs right now.
pub(super) fn own_binary() -> Result<PathBuf, CliError> {
    std::env::current_exe()
        .map_err(|error| CliError::usage(format!("cannot find the running binary: {error}")))
}

impl From<PracticeError> for CliError {
    fn from(error: PracticeError) -> Self {
        let message = error.to_string();
        match error {
            PracticeError::InUse { directory } => Self::refused(message).hint(format!(
                "`cutover practice down --remove --directory {0}` removes a practice cluster there; `--directory` names another place",
                directory.display()
            )),
            PracticeError::NotThere { .. } => Self::usage(message)
                .hint("`cutover practice up` makes one; `--directory` names another place"),
            PracticeError::Incomplete { directory } => Self::refused(message).hint(format!(
                "remove it with `cutover practice down --remove --directory {}`",
                directory.display()
            )),
            PracticeError::Closed { .. } => Self::usage(message)
                .hint("name another place, as with `--directory /var/tmp/practice`"),
            PracticeError::Postgres(PostgresError::NotInstalled) => Self::refused(message)
                .hint("on Debian and Ubuntu: `apt-get install postgresql`"),
            PracticeError::UnknownNode { .. } => Self::usage(message),
            _ => Self::refused(message),
        }
    }
}
