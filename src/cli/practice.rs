//! `cutover practice up|down|status|fault`: a cluster to practise on, in one directory.

use std::path::{Path, PathBuf};

use super::exit::{CliError, Exit};
use super::output;
use crate::kong::Version;
use crate::lab::balancer::State;
use crate::lab::postgres::PostgresError;
use crate::lab::practice::{
    self, Fault, FrontKind, NodeStatus, Options, Practice, PracticeError, Remains, Security,
    Topology,
};

/// The verbs of `cutover practice`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Brings a cluster up: nodes, most often two on a private PostgreSQL, a load balancer in front, an echo server behind.
    Up {
        #[command(flatten)]
        place: PracticePlace,
        /// The version that runs at first.
        #[arg(long, default_value = "2.8.5")]
        version: Version,
        /// What the nodes are to each other.
        #[arg(long, value_enum, default_value_t)]
        topology: Topology,
        /// A database as strict as in production: TLS and SCRAM over TCP, an authority and a schema of its own, no superuser.
        #[arg(long)]
        hardened: bool,
        /// What stands in front of the nodes.
        #[arg(long, value_enum, default_value_t)]
        traffic: FrontKind,
        /// A Redis, in which the limit of `/accounts` is counted instead of in the nodes' memory.
        #[arg(long)]
        redis: bool,
        /// Another side beside them: two nodes with this version that were never started, and a database that is yet to be made.
        #[arg(long, value_name = "VERSION")]
        green: Option<Version>,
    },
    /// Takes the cluster down.
    Down {
        #[command(flatten)]
        place: PracticePlace,
        /// Remove its directory as well.
        #[arg(long)]
        remove: bool,
    },
    /// Shows what is installed, what runs, who gets traffic and what is broken.
    Status {
        #[command(flatten)]
        place: PracticePlace,
    },
    /// Breaks something on purpose, until `clear`.
    Fault {
        #[command(flatten)]
        place: PracticePlace,
        #[command(subcommand)]
        kind: Fault,
    },
}

/// Where the practice cluster is.
#[derive(Debug, clap::Args)]
pub(super) struct PracticePlace {
    /// The cluster's directory.
    #[arg(
        long,
        value_name = "DIRECTORY",
        default_value = "practice",
        global = true
    )]
    directory: PathBuf,
}

pub(super) async fn practice(verb: Verb) -> Result<Exit, CliError> {
    match verb {
        Verb::Up {
            place,
            version,
            topology,
            hardened,
            traffic,
            redis,
            green,
        } => {
            let security = if hardened {
                Security::Hardened
            } else {
                Security::Plain
            };
            let options = Options {
                binary: own_binary()?,
                version,
                topology,
                security,
                front: traffic,
                redis,
                green,
            };
            up(&place.directory, &options).await?;
        }
        Verb::Down { place, remove } => {
            let remains = if remove {
                Remains::Remove
            } else {
                Remains::Keep
            };
            let ended = practice::down(&place.directory, remains).await?;
            output::data(&format!("down: {ended} processes ended"));
        }
        Verb::Status { place } => status(&Practice::open(&place.directory)?).await?,
        Verb::Fault { place, kind } => {
            practice::fault(&Practice::open(&place.directory)?, &kind).await?;
        }
    }
    Ok(Exit::Done)
}

async fn up(directory: &Path, options: &Options) -> Result<(), CliError> {
    let what = match options.topology {
        Topology::Traditional => "PostgreSQL, two nodes",
        Topology::Hybrid => "PostgreSQL, two control planes, three data planes",
        Topology::Dbless => "three nodes without a database",
    };
    output::people(&format!(
        "bringing the practice cluster up: {what}, a load balancer, an echo server"
    ));
    let practice = practice::up(directory, options, interrupted()).await?;
    output::data(&format!(
        "up: {} nodes of {}, clients use {}",
        practice.nodes.len(),
        options.version,
        practice.url
    ));
    output::data(&format!("environment: {}", practice.environment.display()));
    if let Some((playbook, arguments)) = next(options) {
        output::people(&format!(
            "next: cutover run {playbook} --environment {} {arguments} checks='{}'",
            practice.environment.display(),
            practice.checks
        ));
    }
    Ok(())
}

/// The playbook to begin with and its arguments, for somebody who watches; none where no version that is known well enough can be gone to
/// in one step.
fn next(options: &Options) -> Option<(&'static str, String)> {
    const PACE: &str = "watch=2s bake=5s interval=1s";
    if let Some(to) = &options.green {
        return Some(if *to == options.version {
            ("relocate", format!("from=practice to=green {PACE}"))
        } else {
            (
                "blue-green",
                format!("blue=practice green=green to={to} {PACE}"),
            )
        });
    }
    let to = Version::new(3, 4, 2);
    if options.version >= to {
        return None;
    }
    let arguments = format!("cluster=practice to={to}");
    Some(match options.topology {
        Topology::Traditional => ("in-place", format!("{arguments} {PACE}")),
        Topology::Hybrid => ("hybrid", format!("{arguments} {PACE}")),
        Topology::Dbless => ("dbless", format!("{arguments} watch=2s")),
    })
}

async fn status(cluster: &Practice) -> Result<(), CliError> {
    let status = practice::status(cluster).await?;
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let line = |cells: [&str; 7]| {
        let [name, installed, running, admin, rotation, database, pid] = cells;
        let line = format!(
            "{name:<10} {installed:<10} {running:<10} {admin:<10} {rotation:<24} {database:<12} {pid}"
        );
        output::data(line.trim_end());
    };
    line([
        "NODE",
        "INSTALLED",
        "RUNNING",
        "ADMIN SAYS",
        "ROTATION",
        "DATABASE",
        "PID",
    ]);
    for node in status.nodes {
        let rotation = rotation(&node);
        let database = match node.reaches_database {
            Some(true) => "reachable",
            Some(false) => "unreachable",
            None => "-",
        };
        line([
            &node.name,
            &or_dash(node.installed),
            &or_dash(node.running),
            &or_dash(node.admin),
            &rotation,
            database,
            &or_dash(node.pid.map(|pid| pid.to_string())),
        ]);
        for (fault, value) in node.faults {
            output::data(&format!("{:<10} broken on purpose: {fault} = {value}", ""));
        }
    }
    for (name, pid) in status.processes {
        let state = pid.map_or_else(|| "down".to_owned(), |pid| format!("runs as {pid}"));
        output::data(&format!("{name:<10} {state}"));
    }
    output::data(&format!("environment {}", cluster.environment.display()));
    Ok(())
}

fn rotation(node: &NodeStatus) -> String {
    let Some(rotation) = &node.rotation else {
        return "-".to_owned();
    };
    let state = match rotation.state {
        State::Ready => "ready",
        State::Drain => "drained",
    };
    format!(
        "{state} {}, {} in flight",
        rotation.weight, rotation.in_flight
    )
}

/// Returns when a person or the system wants an end.
pub(super) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let wish = async |kind| match signal(kind) {
        Ok(mut wishes) => {
            wishes.recv().await;
        }
        // Without a handler the signal does what it always does.
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wish(SignalKind::interrupt()) => {}
        () = wish(SignalKind::terminate()) => {}
        () = wish(SignalKind::hangup()) => {}
    }
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
            PracticeError::NotInstalled { .. } => Self::refused(message)
                .hint("on Debian and Ubuntu: `apt-get install haproxy`, `nginx` or `redis-server`"),
            PracticeError::Senseless { option, .. } => Self::usage(message).hint(format!(
                "leave `{option}` out, or bring a cluster up whose topology is `traditional`"
            )),
            PracticeError::UnknownNode { .. }
            | PracticeError::OtherRole { .. }
            | PracticeError::NoDatabase => Self::usage(message),
            _ => Self::refused(message),
        }
    }
}
