//! What stands in front of the nodes: the practice cluster's own small load balancer, or a real HAProxy.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::super::balancer::State;
use super::ledger::Ledger;
use super::parts::wait_until;
use super::status::Rotation;
use super::{PracticeError, PracticeNode, Process, files};
use crate::haproxy::{Address, Administrative, Haproxy};

/// The kinds of load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FrontKind {
    /// The practice cluster's own.
    #[default]
    Practice,
    /// HAProxy, from the distribution.
    Haproxy,
}

/// The load balancer of a cluster that is up, and how it is told what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Front {
    /// The practice cluster's own.
    Practice {
        /// Base URL of its control interface.
        control: String,
    },
    /// HAProxy.
    Haproxy {
        /// Its runtime socket.
        socket: PathBuf,
        /// Where its servers' states are kept over a reload.
        state_file: PathBuf,
    },
}

/// HAProxy's name in the ledger, and its directory's.
const HAPROXY: &str = "haproxy";

/// The backend whose servers are the nodes.
pub(super) const BACKEND: &str = "kong";

/// Where the distribution puts it; it need not be on the path of somebody who is not root.
const PROGRAM: &str = "/usr/sbin/haproxy";

/// How long HAProxy may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

impl FrontKind {
    /// Refuses what is not installed, before anything is made.
    pub(super) fn require(self) -> Result<(), PracticeError> {
        if self == Self::Haproxy && !Path::new(PROGRAM).exists() {
            return Err(PracticeError::NoHaproxy { program: PROGRAM });
        }
        Ok(())
    }
}

impl Front {
    /// What a node gets, as far as the load balancer tells.
    pub(super) async fn rotation(&self, node: &str) -> Option<Rotation> {
        match self {
            Self::Practice { control } => super::status::of_practice(control, node).await,
            Self::Haproxy { socket, .. } => {
                let haproxy = Haproxy::at(Address::Socket(socket.clone()));
                let server = haproxy.server(BACKEND, node).await.ok()??;
                let state = match server.administrative {
                    Administrative::Ready => State::Ready,
                    Administrative::Drain => State::Drain,
                    Administrative::Maintenance => return None,
                };
                Some(Rotation {
                    weight: server.weight,
                    state,
                    in_flight: server.in_flight,
                })
            }
        }
    }
}

/// Starts HAProxy in front of `nodes`, for clients at `listen`, and enters it in the `ledger` of `cluster`.
pub(super) async fn start_haproxy(
    cluster: &Path,
    ledger: &mut Ledger,
    listen: SocketAddr,
    nodes: &[PracticeNode],
    weight: u16,
) -> Result<Front, PracticeError> {
    let directory = cluster.join(HAPROXY);
    files::make_directory(&directory)?;
    // A socket's path must be short, and the database's directory has one that is.
    let socket = ledger.socket.join("haproxy.sock");
    let state_file = directory.join("states");
    let configuration = directory.join("haproxy.cfg");
    files::write_private(
        &configuration,
        &configured(&socket, &state_file, listen, nodes, weight),
    )?;
    let program = || format!("{PROGRAM} -W -f {}", configuration.display());
    let failed = |source| PracticeError::Spawn {
        program: program(),
        source,
    };
    let log = directory.join("log");
    let output = std::fs::File::create(&log).map_err(failed)?;
    let child = Command::new(PROGRAM)
        // A master that stays in the foreground, and a worker that it replaces when it is reloaded by USR2.
        .args(["-W", "-f"])
        .arg(&configuration)
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(failed)?)
        .stderr(output)
        .current_dir("/")
        .env_clear()
        // What a terminal sends to a command is not for it.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let ended = || PracticeError::Failed {
        program: program(),
        output: std::fs::read_to_string(&log).unwrap_or_default(),
    };
    let pid = i32::try_from(child.id()).expect("process ids are positive and fit");
    let process = Process::of(pid).ok_or_else(ended)?;
    ledger.processes.insert(HAPROXY.to_owned(), process.clone());
    ledger.save(cluster)?;
    let haproxy = Haproxy::at(Address::Socket(socket.clone()));
    wait_until("haproxy does not listen", PATIENCE, async || {
        haproxy.all_states().await.is_ok() || !process.is_alive()
    })
    .await?;
    if !process.is_alive() {
        return Err(ended());
    }
    Ok(Front::Haproxy { socket, state_file })
}

/// HAProxy's configuration: checked nodes, connections kept where that is safe, states that outlive a reload.
fn configured(
    socket: &Path,
    state_file: &Path,
    listen: SocketAddr,
    nodes: &[PracticeNode],
    weight: u16,
) -> String {
    let mut text = format!(
        "global\n\
         \u{20}   stats socket {} mode 600 level admin expose-fd listeners\n\
         \u{20}   server-state-file {}\n\
         defaults\n\
         \u{20}   mode http\n\
         \u{20}   timeout connect 5s\n\
         \u{20}   timeout client 60s\n\
         \u{20}   timeout server 60s\n\
         \u{20}   load-server-state-from-file global\n\
         frontend edge\n\
         \u{20}   bind {listen}\n\
         \u{20}   default_backend {BACKEND}\n\
         backend {BACKEND}\n\
         \u{20}   balance roundrobin\n\
         \u{20}   http-reuse safe\n",
        socket.display(),
        state_file.display(),
    );
    for node in nodes {
        let address = node.proxy.trim_start_matches("http://");
        writeln!(
            text,
            "    server {} {address} weight {weight} check inter 250ms fall 2 rise 2",
            node.name
        )
        .expect("a string takes any text");
    }
    text
}
