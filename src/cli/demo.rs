//! `cutover demo`: an upgrade and its way back on a practice cluster, with clients that count what they notice. In place, or to a second
//! side.
//!
//! The runs are real ones: the binary starts itself with `run` and `rollback`, so what is shown is what an operator sees.

mod two_sides;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::exit::{CliError, Exit};
use super::output;
use super::practice::{interrupted, own_binary};
use crate::kong::Version;
use crate::lab::client::{Load, LoadReport};
use crate::lab::practice::{
    self, FrontKind, NAME, Options, Practice, PracticeError, PracticeNode, Remains, Security,
    Topology,
};

/// The version to start from.
const FROM: Version = Version::new(2, 8, 5);

/// The version to go to.
const TO: Version = Version::new(3, 4, 2);

/// The name of the run.
const RUN: &str = "demo";

/// Requests a second: few enough for any machine, and so many that an outage of a moment is noticed.
const RATE: f64 = 50.0;

/// After this a client gives a request up.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Arguments of `cutover demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What is shown.
    #[arg(value_enum, default_value_t)]
    upgrade: Upgrade,
    /// The practice cluster's directory, instead of a temporary one.
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Leave the cluster up and its files in place.
    #[arg(long)]
    keep: bool,
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Upgrade {
    /// An upgrade in place, and its rollback.
    #[default]
    InPlace,
    /// An upgrade to a second side behind HAProxy, and the switch back.
    BlueGreen,
}

pub(super) async fn demo(arguments: Arguments) -> Result<Exit, CliError> {
    let directory = match &arguments.directory {
        Some(directory) => directory.clone(),
        None => temporary_directory()?,
    };
    output::people(match arguments.upgrade {
        Upgrade::InPlace => {
            "demo: bringing up PostgreSQL, two nodes, a load balancer and an echo server"
        }
        Upgrade::BlueGreen => {
            "demo: bringing up PostgreSQL, two nodes and two more to come, HAProxy and an echo server"
        }
    });
    let two_sides = arguments.upgrade == Upgrade::BlueGreen;
    let options = Options {
        binary: own_binary()?,
        version: FROM,
        topology: Topology::Traditional,
        security: Security::Plain,
        front: if two_sides {
            FrontKind::Haproxy
        } else {
            FrontKind::Practice
        },
        redis: false,
        green: two_sides.then_some(TO),
    };
    // Where this fails it has cleaned up behind itself, and a directory that is in use is somebody else's.
    let practice = practice::up(&directory, &options, interrupted())
        .await
        .inspect_err(|_| {
            if arguments.directory.is_none() {
                // Ours, and still there where not even the cleaning up began.
                let _ = std::fs::remove_dir(&directory);
            }
        })?;
    let stage = Stage {
        binary: &options.binary,
        practice: &practice,
    };
    let shown = tokio::select! {
        shown = async {
            match arguments.upgrade {
                Upgrade::InPlace => show(&stage).await,
                Upgrade::BlueGreen => two_sides::show(&stage).await,
            }
        } => shown,
        () = interrupted() => Err(PracticeError::Interrupted.into()),
    };
    if arguments.keep {
        tell_what_stays(&practice);
    } else {
        practice::down(&practice.directory, Remains::Remove).await?;
        output::people(
            "demo: the practice cluster is down and removed, with journal and backups; `--keep` leaves them to look at",
        );
    }
    shown.map(|()| Exit::Done)
}

/// A directory that PostgreSQL's own user may enter, and with a name short enough for a socket.
fn temporary_directory() -> Result<PathBuf, CliError> {
    tempfile::Builder::new()
        .prefix("cutover-demo-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o711))
        .tempdir_in("/tmp")
        .map(tempfile::TempDir::keep)
        .map_err(|error| CliError::usage(format!("cannot make a directory in `/tmp`: {error}")))
}

async fn show(stage: &Stage<'_>) -> Result<(), CliError> {
    let practice = stage.practice;
    practice::prove(practice, &practice.nodes, &FROM).await?;
    let environment = practice.environment.display().to_string();

    let (checks, target) = (format!("checks={}", practice.checks), format!("to={TO}"));
    let upgrade = [
        "run",
        "in-place",
        "--environment",
        &environment,
        "--approve",
        NAME,
        "--run-id",
        RUN,
        "cluster=practice",
        &target,
        "watch=2s",
        "bake=3s",
        "interval=1s",
        &checks,
    ];
    let upgrade = stage.act(&upgrade, &practice.nodes, &TO).await?;
    let rollback = [
        "rollback",
        RUN,
        "--environment",
        &environment,
        "--confirm",
        NAME,
    ];
    let rollback = stage.act(&rollback, &practice.nodes, &FROM).await?;

    let checked = practice.seeded.requests.len();
    output::data(&format!(
        "\ndemo: Kong {FROM} to {TO} and back, {} nodes, clients at {RATE} requests a second",
        practice.nodes.len()
    ));
    for (word, version, act) in [("upgrade", TO, &upgrade), ("rollback", FROM, &rollback)] {
        output::data(&format!(
            "{word:<9} {:.1} s; every node is {version} and answers all {checked} checks",
            act.took.as_secs_f64()
        ));
        output::data(&format!("{:<9} {}", "", noticed(&act.clients)));
    }
    output::data(&format!(
        "way back  open from the first step to the last, `finish` included: {:.1} s, losing what was written after the backup",
        rollback.took.as_secs_f64()
    ));
    Ok(())
}

/// Says where the evidence is, and how to get rid of it.
fn tell_what_stays(practice: &Practice) {
    let storage = practice.directory.join("storage");
    let journal = storage.join("runs").join(RUN).join("journal.ndjson");
    output::data(&format!("journal   {}", journal.display()));
    output::data(&format!("backups   {}", storage.join("backups").display()));
    output::data(&format!(
        "the cluster stays up; end it with `cutover practice down --remove --directory {}`",
        practice.directory.display()
    ));
}

/// What the commands of the demo are performed with.
struct Stage<'a> {
    binary: &'a Path,
    practice: &'a Practice,
}

/// What became of one command.
struct Act {
    took: Duration,
    clients: LoadReport,
}

impl Stage<'_> {
    /// Runs `cutover WORDS` under load, and makes sure that every one of `nodes` is `version` afterwards.
    async fn act(
        &self,
        words: &[&str],
        nodes: &[PracticeNode],
        version: &Version,
    ) -> Result<Act, CliError> {
        let load = Load {
            url: format!("{}{}", self.practice.url, self.practice.unlimited_path),
            rate: RATE,
            headers: std::collections::BTreeMap::new(),
            timeout: TIMEOUT,
        };
        let clients = load
            .start()
            .map_err(|error| CliError::usage(error.to_string()))?;
        output::people(&format!("\n$ cutover {}", shell_words(words)));
        let began = Instant::now();
        let status = Command::new(self.binary)
            .args(words)
            // Interrupted, nobody is left to see the run to its end; taking the cluster down ends what it started.
            .kill_on_drop(true)
            .status()
            .await
            .map_err(|error| {
                CliError::usage(format!("cannot start `{}`: {error}", self.binary.display()))
            })?;
        let took = began.elapsed();
        if !status.success() {
            return Err(CliError::refused(format!(
                "`cutover {}` did not end well: {status}",
                words[0]
            )));
        }
        practice::prove(self.practice, nodes, version).await?;
        Ok(Act {
            took,
            clients: clients.stop().await,
        })
    }
}

/// The words as a person would type them.
fn shell_words(words: &[&str]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            if word.contains(|character: char| {
                !character.is_ascii_alphanumeric() && !"-_=./:,".contains(character)
            }) {
                format!("'{word}'")
            } else {
                (*word).to_owned()
            }
        })
        .collect();
    quoted.join(" ")
}

/// What the clients noticed.
fn noticed(report: &LoadReport) -> String {
    let failed = report.failed();
    if failed == 0 {
        return format!("clients: {} requests, none failed", report.sent);
    }
    format!(
        "clients: {} requests, {failed} failed ({} answered 5xx, {} broken, {} too late); down for {:.1} s at most",
        report.sent,
        report.server_errors,
        report.connection_errors,
        report.timeouts,
        Duration::from_millis(report.longest_outage_ms).as_secs_f64()
    )
}
