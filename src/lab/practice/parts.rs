//! The parts that live as long as the cluster, each a process of its own: kept ports, the load balancer, the echo server.
//!
//! They lead a session of their own, so neither a terminal nor a step's process group takes them along, and they end on TERM.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::super::{balancer, echo, http};
use super::ledger::Ledger;
use super::{PracticeError, Process, files, ports};

/// The first word of a part's command line.
const WORD: &str = "practice-process";

/// The file, in a part's directory, that says what it bound.
pub(super) const LISTENING: &str = "listening.json";

/// How long a part may take to listen; a loaded machine needs seconds, never this many.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the echo server bound.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EchoListening {
    /// `host:port`.
    pub(super) address: SocketAddr,
}

/// Runs `cutover practice-process ARGUMENTS`: `balancer CONFIG`, `echo DIRECTORY` or
/// `ports COUNT DIRECTORY`.
#[must_use]
pub fn main(arguments: &[String]) -> ExitCode {
    // Started by hand from a shell it leads a process group already, and stays where it is.
    let _ = rustix::process::setsid();
    match arguments {
        [part, config] if part == "balancer" => balancer::main(Path::new(config)),
        [part, directory] if part == "echo" => until_done(serve_echo(Path::new(directory))),
        [part, count, directory] if part == "ports" => match count.parse() {
            Ok(count) => until_done(ports::serve(count, Path::new(directory))),
            Err(_) => ExitCode::from(2),
        },
        _ => ExitCode::from(2),
    }
}

fn until_done(part: impl Future<Output = Result<(), PracticeError>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs only file descriptors");
    match runtime.block_on(part) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve_echo(directory: &Path) -> Result<(), PracticeError> {
    let mut term =
        signal(SignalKind::terminate()).map_err(files::failed("take signals for", directory))?;
    let (listener, address) = http::bind("127.0.0.1:0")
        .await
        .map_err(files::failed("listen for", directory))?;
    files::write_json(&directory.join(LISTENING), &EchoListening { address })?;
    let (_stop, stopped) = watch::channel(false);
    tokio::select! {
        () = echo::serve(listener, stopped) => {}
        _ = term.recv() => {}
    }
    Ok(())
}

/// A part to be started.
pub(super) struct Part<'a> {
    /// Its name, in the ledger and on its command line.
    pub(super) name: &'static str,
    /// Its own directory, where it says what it bound and keeps its log.
    pub(super) directory: PathBuf,
    /// What its command line ends with.
    pub(super) arguments: Vec<OsString>,
    /// The `cutover` binary.
    pub(super) binary: &'a Path,
}

impl Part<'_> {
    /// Starts the part, enters it in the `ledger` of `cluster` and returns what it bound.
    pub(super) async fn start<T: DeserializeOwned>(
        &self,
        cluster: &Path,
        ledger: &mut Ledger,
    ) -> Result<T, PracticeError> {
        let failed = |source| PracticeError::Spawn {
            program: format!("{} {WORD} {}", self.binary.display(), self.name),
            source,
        };
        let log = std::fs::File::create(self.directory.join("log")).map_err(failed)?;
        let child = Command::new(self.binary)
            .args([WORD, self.name])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .current_dir("/")
            .env_clear()
            .spawn()
            .map_err(failed)?;
        let pid = i32::try_from(child.id()).expect("process ids are positive and fit");
        let ended = || PracticeError::Failed {
            program: format!("{WORD} {}", self.name),
            output: std::fs::read_to_string(self.directory.join("log")).unwrap_or_default(),
        };
        // Nothing waits between the start and the entry, so whoever is interrupted has written it down.
        let process = Process::of(pid).ok_or_else(ended)?;
        ledger
            .processes
            .insert(self.name.to_owned(), process.clone());
        ledger.save(cluster)?;
        let listening = self.directory.join(LISTENING);
        wait_until(
            &format!("{} does not listen", self.name),
            PATIENCE,
            async || listening.exists() || !process.is_alive(),
        )
        .await?;
        if !listening.exists() {
            return Err(ended());
        }
        files::read_json(&listening)
    }
}

/// Looks until `is_so`, or fails saying `what` is not as it should be.
pub(super) async fn wait_until(
    what: &str,
    patience: Duration,
    is_so: impl AsyncFn() -> bool,
) -> Result<(), PracticeError> {
    let deadline = Instant::now() + patience;
    while !is_so().await {
        if Instant::now() > deadline {
            return Err(PracticeError::Late {
                what: what.to_owned(),
                seconds: patience.as_secs(),
            });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
