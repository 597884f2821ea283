//! The practice load balancer: weights, draining and a control interface, as one finds them in front of real gateways.
//!
//! Its configuration file is also its memory: what is set through the control interface is written there, so a restart keeps it.

mod control;
mod forward;
mod rotation;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use rotation::{MOST_WEIGHT, Node, State};

use super::http;
use rotation::Rotation;

/// The configuration file, JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `host:port` for traffic; port 0 picks a free one.
    pub listen: String,
    /// `host:port` for the control interface; port 0 picks a free one.
    pub control: String,
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// The addresses that were bound, as `listening.json` beside the configuration file holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// `host:port` for traffic.
    pub traffic: String,
    /// `host:port` of the control interface.
    pub control: String,
}

/// Why a balancer cannot run.
#[derive(Debug, thiserror::Error)]
pub enum BalancerError {
    /// A file could not be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration is no configuration.
    #[error("cannot read `{}`: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// An address could not be bound.
    #[error("cannot listen on `{address}`: {source}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
}

/// What the balancer knows while it runs.
#[derive(Debug)]
struct Balancer {
    path: PathBuf,
    config: Config,
    scheduler: Mutex<Scheduler>,
    client: http::Client,
}

#[derive(Debug)]
struct Scheduler {
    rotation: Rotation,
    counts: Vec<Counts>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    in_flight: u64,
    requests: u64,
    failures: u64,
    retries: u64,
}

impl Balancer {
    fn scheduler(&self) -> MutexGuard<'_, Scheduler> {
        self.scheduler
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes weights and states into the configuration file.
    fn save(&self) -> io::Result<()> {
        let nodes = self.scheduler().rotation.nodes().cloned().collect();
        let config = Config {
            nodes,
            ..self.config.clone()
        };
        write_json(&self.path, &config)
    }
}

/// Runs a balancer in a process of its own until TERM or INT (at once) or QUIT (after the requests in flight).
pub fn main(config: &Path) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime.map(|runtime| runtime.block_on(until_signalled(config)));
    match ended {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            tracing::error!("cannot start a runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn until_signalled(config: &Path) -> Result<(), BalancerError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|source| BalancerError::File {
            path: config.to_owned(),
            source,
        })
    };
    let mut quit = listen(SignalKind::quit())?;
    let mut term = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    let mut serving = std::pin::pin!(serve(config, stopped));
    tokio::select! {
        ended = serving.as_mut() => return ended,
        _ = term.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
        _ = quit.recv() => {}
    }
    // `serving` holds the receiver, so somebody listens.
    let _ = stop.send(true);
    tokio::select! {
        ended = serving => ended,
        _ = term.recv() => Ok(()),
    }
}

/// Serves with the configuration in the file `path` until `stop` turns true, then finishes the requests in flight.
///
/// The bound addresses are written to `listening.json` beside the file before the first request is taken.
pub async fn serve(path: &Path, stop: watch::Receiver<bool>) -> Result<(), BalancerError> {
    let text = std::fs::read(path).map_err(file_error(path))?;
    let config: Config = serde_json::from_slice(&text).map_err(|source| BalancerError::Config {
        path: path.to_owned(),
        source,
    })?;
    let (traffic, traffic_address) = bind(&config.listen).await?;
    let (control, control_address) = bind(&config.control).await?;
    let listening = Listening {
        traffic: traffic_address,
        control: control_address,
    };
    let beside = path.with_file_name("listening.json");
    write_json(&beside, &listening).map_err(file_error(&beside))?;
    let balancer = Arc::new(Balancer {
        path: path.to_owned(),
        scheduler: Mutex::new(Scheduler {
            counts: vec![Counts::default(); config.nodes.len()],
            rotation: Rotation::new(config.nodes.clone()),
        }),
        config,
        client: http::client(),
    });
    let controlled = Arc::clone(&balancer);
    tokio::join!(
        http::serve(traffic, stop.clone(), move |request| {
            forward::forward(Arc::clone(&balancer), request)
        }),
        http::serve(control, stop, move |request| {
            control::answer(Arc::clone(&controlled), request)
        }),
    );
    Ok(())
}

async fn bind(address: &str) -> Result<(TcpListener, String), BalancerError> {
    let (listener, bound) = http::bind(address)
        .await
        .map_err(|source| BalancerError::Listen {
            address: address.to_owned(),
            source,
        })?;
    Ok((listener, bound.to_string()))
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> BalancerError {
    let path = path.to_owned();
    move |source| BalancerError::File { path, source }
}

/// Writes through a temporary file, so that a reader sees the whole text or none.
fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(value)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    std::fs::write(&temporary, text)?;
    std::fs::rename(&temporary, path)
}
