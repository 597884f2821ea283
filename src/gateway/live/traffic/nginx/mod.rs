//! nginx by the file that holds its upstream: changed in place, tested, reloaded, and seen to be taken.
//!
//! nginx tells nothing of itself but its processes. A reload is taken when the master has new workers; what was in flight is over when
//! the old ones are gone. Connections that clients keep open are closed then, and a request that a client writes into one at that moment
//! is lost to it: nginx has no way around that.

mod upstream;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::Live;
use super::super::commands::login_environment;
use super::super::process::Program;
use super::whole_file::{self, synced};
use super::{Balancer, Told};
use crate::gateway::{Failure, Rotation};

/// How long `nginx -t` and the signal may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long the master may take to have new workers.
const PATIENCE: Duration = Duration::from_secs(15);

/// The pause between two looks at its workers.
const PAUSE: Duration = Duration::from_millis(20);

/// What nginx calls a worker that finishes what it has, in its command line.
const LEAVING: &str = "is shutting down";

/// The workers of a master.
#[derive(Debug, Default)]
struct Workers {
    at_work: BTreeSet<i32>,
    leaving: BTreeSet<i32>,
}

/// What is described of an nginx; a checked environment has all of it.
struct Described<'a> {
    file: &'a Path,
    upstream: &'a str,
    pid_file: &'a Path,
    server: &'a str,
}

fn described<'a>(balancer: &'a Balancer, node: &'a str) -> Described<'a> {
    Described {
        file: balancer.upstream_file.as_deref().unwrap_or(Path::new("")),
        upstream: balancer.upstream.as_deref().unwrap_or_default(),
        pid_file: balancer.pid_file.as_deref().unwrap_or(Path::new("")),
        server: balancer.server(node),
    }
}

/// What stands behind `server` in the upstream.
pub(super) fn listed(balancer: &Balancer) -> Result<Vec<String>, Failure> {
    let nginx = described(balancer, "");
    let servers = upstream::servers(&read(nginx.file)?, nginx.upstream);
    servers.map_err(|error| unknown(nginx.file, nginx.upstream, &error))
}

pub(super) fn told(balancer: &Balancer, node: &str) -> Result<Told, Failure> {
    let nginx = described(balancer, node);
    let text = read(nginx.file)?;
    let rotation = upstream::rotation(&text, nginx.upstream, nginx.server);
    let workers = workers(nginx.pid_file)?;
    Ok(Told {
        rotation: rotation.map_err(|error| unknown(nginx.file, node, &error))?,
        // Not requests, but all that is known.
        in_flight: Some(workers.leaving.len() as u64),
        counted: "workers of nginx with requests",
        // It notices what is down when a request fails.
        is_up: true,
    })
}

impl Live {
    pub(super) async fn tell_nginx(
        &self,
        balancer: &Balancer,
        node: &str,
        rotation: &Rotation,
    ) -> Result<(), Failure> {
        let nginx = described(balancer, node);
        let before = read(nginx.file)?;
        let after = upstream::with_rotation(&before, nginx.upstream, nginx.server, rotation)
            .map_err(|error| unknown(nginx.file, node, &error))?;
        let due = due(nginx.file);
        // Only what differs, so that a way back does not fail where nothing was done; and what whoever wrote the file did not live to do.
        if after == before && !due.exists() {
            return Ok(());
        }
        let workers_before = workers(nginx.pid_file)?;
        let noted = std::fs::write(&due, "").and_then(|()| synced(&due));
        noted.map_err(|error| unusable("write", &due, &error))?;
        if let Err(failure) = self.hand_over(balancer, nginx.file, &after).await {
            // As it was: what nginx was not given must not meet its next reload.
            replace(nginx.file, &before)?;
            let _ = std::fs::remove_file(&due);
            return Err(failure);
        }
        let deadline = Instant::now() + PATIENCE;
        // nginx starts the new ones first and then tells the old ones to leave, so these are the sign that the reload is whole; and what is
        // still in flight shows only from then on.
        let is_taken = |now: &Workers| {
            !now.at_work.is_empty() && now.at_work.is_disjoint(&workers_before.at_work)
        };
        while !is_taken(&workers(nginx.pid_file)?) {
            if Instant::now() > deadline {
                let message = format!(
                    "nginx has not changed its workers {} s after its reload",
                    PATIENCE.as_secs()
                );
                return Err(Failure::new("traffic.not_set", message)
                    .hint("its error log says why it kept the old configuration"));
            }
            tokio::time::sleep(PAUSE).await;
        }
        std::fs::remove_file(&due).map_err(|error| unusable("remove", &due, &error))
    }

    /// Writes the file, has it tested and the master told of it.
    async fn hand_over(&self, balancer: &Balancer, file: &Path, text: &str) -> Result<(), Failure> {
        replace(file, text)?;
        self.nginx(balancer, &["-t"]).await?;
        self.nginx(balancer, &["-s", "reload"]).await
    }

    /// Runs nginx's own program with further words.
    async fn nginx(&self, balancer: &Balancer, further: &[&str]) -> Result<(), Failure> {
        let (first, arguments) = balancer
            .nginx
            .split_first()
            .expect("a checked environment has one");
        let mut program = Program::new(first, DEADLINE);
        program.arguments = arguments.iter().map(Into::into).collect();
        program.arguments.extend(further.iter().map(Into::into));
        program.environment = login_environment();
        let finished = self.run_program(program).await?;
        if finished.ending.is_success() {
            return Ok(());
        }
        let message = format!(
            "`nginx {}` failed ({}): {}",
            further.join(" "),
            finished.ending,
            finished.stderr.trim()
        );
        Err(Failure::new("traffic.refused", message)
            .hint("run it by hand; the upstream's file is as it was"))
    }
}

/// The file that says that nginx has still to read `file` again.
fn due(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // Hidden, and with an ending of its own: no `include` of a whole directory means it.
    file.with_file_name(format!(".{name}.cutover-reload-due"))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| unusable("read", path, &error))
}

/// Writes the file whole or not at all.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    whole_file::replace(path, text).map_err(|error| unusable("write", path, &error))
}

fn unusable(action: &str, path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot {action} `{}`: {}", path.display(), error.kind());
    Failure::new("traffic.upstream_file", message)
        .hint("it is `upstream_file` under `[traffic]`, and must be ours to change")
}

fn unknown(path: &Path, node: &str, error: &upstream::UpstreamError) -> Failure {
    let message = format!(
        "`{}` does not say what `{node}` gets: {error}",
        path.display()
    );
    Failure::new("traffic.unknown", message).hint(
        "`upstream` names the block and `servers` what stands behind `server` in it for each node",
    )
}

/// The workers of the master whose number is in `pid_file`.
fn workers(pid_file: &Path) -> Result<Workers, Failure> {
    let down = || {
        let message = format!("no nginx runs by `{}`", pid_file.display());
        Failure::new("traffic.unreachable", message)
            .hint("start it, or name its `pid_file` under `[traffic]`")
    };
    let master = std::fs::read_to_string(pid_file).map_err(|_| down())?;
    let master: i32 = master.trim().parse().map_err(|_| down())?;
    if !Path::new(&format!("/proc/{master}")).exists() {
        return Err(down());
    }
    let children = std::fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
    let mut workers = Workers::default();
    for child in children.map_err(|_| down())?.split_whitespace() {
        let line = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        let Ok(child) = child.parse() else { continue };
        if line.contains(LEAVING) {
            workers.leaving.insert(child);
        } else if line.contains("worker") {
            workers.at_work.insert(child);
        }
    }
    Ok(workers)
}
