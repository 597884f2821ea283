//! HAProxy by its runtime socket; where several stand side by side, all of them, set alike.

use std::io::{Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

use super::{Balancer, Told};
use crate::gateway::{Failure, Rotation, RotationState};
use crate::haproxy::{Address, Administrative, Haproxy, HaproxyError, Server};

/// Every HAProxy of a load balancer with what they are called by.
fn all(balancer: &Balancer) -> impl Iterator<Item = (&str, Haproxy)> {
    balancer
        .sockets
        .iter()
        .map(|socket| (socket.as_str(), Haproxy::at(Address::of(socket))))
}

/// The backend, which a checked environment has.
fn backend(balancer: &Balancer) -> &str {
    balancer.backend.as_deref().unwrap_or_default()
}

/// What all of them tell of a node, if they tell the same.
pub(super) async fn told(balancer: &Balancer, node: &str) -> Result<Told, Failure> {
    let mut told: Option<(&str, Told)> = None;
    for (socket, haproxy) in all(balancer) {
        let server = server(&haproxy, balancer, node).await?;
        let rotation = rotation(balancer, node, &server)?;
        let Some((first, together)) = &mut told else {
            let first = Told {
                rotation,
                in_flight: Some(server.in_flight),
                counted: "requests",
                is_up: server.is_up,
            };
            told = Some((socket, first));
            continue;
        };
        if together.rotation != rotation {
            let message = format!(
                "two load balancers differ about `{node}`: {} at `{first}`, {} at `{socket}`",
                in_words(together.rotation),
                in_words(rotation)
            );
            return Err(Failure::new("traffic.split", message)
                .hint("find out who set one of them, and set them alike"));
        }
        together.in_flight = together.in_flight.map(|before| before + server.in_flight);
        together.is_up &= server.is_up;
    }
    told.map(|(_, told)| told)
        .ok_or_else(|| unknown(balancer, node))
}

/// Sets a node's rotation at all of them, and keeps it for their next start.
pub(super) async fn tell(
    balancer: &Balancer,
    node: &str,
    rotation: &Rotation,
) -> Result<(), Failure> {
    let states = match &balancer.state_file {
        Some(path) => Some(States::begin(path, balancer).await),
        None => None,
    };
    for (_, haproxy) in all(balancer) {
        let found = server(&haproxy, balancer, node).await?;
        let found = self::rotation(balancer, node, &found)?;
        // Only what differs, so that a way back does not fail where nothing was done.
        if found == *rotation {
            continue;
        }
        let drains = rotation.state == RotationState::Drain;
        // A node is not taken from its clients where that cannot be kept. It is given back to them whatever can be kept: on a way back
        // that is what counts.
        if let (true, Some(Err(failure))) = (drains, &states) {
            return Err(failure.clone());
        }
        let (backend, server) = (backend(balancer), balancer.server(node));
        // The weight first: a node that is admitted begins with what it is to have.
        haproxy.set_weight(backend, server, rotation.weight).await?;
        haproxy.set_state(backend, server, drains).await?;
        if let Some(Err(failure)) = &states {
            return Err(failure.clone());
        }
    }
    // Also where nothing differed: whoever set it may have ended before this.
    if let Some(Ok(states)) = states {
        states.keep(balancer).await?;
    }
    Ok(())
}

/// A node's server at one of them.
async fn server(haproxy: &Haproxy, balancer: &Balancer, node: &str) -> Result<Server, Failure> {
    let server = haproxy
        .server(backend(balancer), balancer.server(node))
        .await?;
    server.ok_or_else(|| unknown(balancer, node))
}

/// What HAProxy reads when it starts, on its way to be written whole or not at all.
struct States<'a> {
    path: &'a Path,
    file: NamedTempFile,
}

impl<'a> States<'a> {
    /// Writes the states as they are, so that a disk without room is known of before any of them changes.
    async fn begin(path: &'a Path, balancer: &Balancer) -> Result<Self, Failure> {
        let directory = path.parent().unwrap_or(Path::new("/"));
        let file = NamedTempFile::new_in(directory).map_err(|error| unwritten(path, &error))?;
        let mut begun = Self { path, file };
        begun.write(&Self::of(balancer).await?)?;
        Ok(begun)
    }

    /// Writes them as they are now. HAProxy must be able to read the file, which holds no secret.
    async fn keep(mut self, balancer: &Balancer) -> Result<(), Failure> {
        self.write(&Self::of(balancer).await?)?;
        let everybody = PermissionsExt::from_mode(0o644);
        let opened = self.file.as_file().set_permissions(everybody);
        opened.map_err(|error| unwritten(self.path, &error))?;
        let persisted = self.file.persist(self.path);
        persisted.map_or_else(|error| Err(unwritten(self.path, &error.error)), |_| Ok(()))
    }

    fn write(&mut self, states: &str) -> Result<(), Failure> {
        let mut write = || {
            self.file.rewind()?;
            self.file.write_all(states.as_bytes())?;
            self.file.as_file().set_len(states.len() as u64)?;
            self.file.as_file().sync_all()
        };
        write().map_err(|error| unwritten(self.path, &error))
    }

    /// Of a load balancer with a state file there is one.
    async fn of(balancer: &Balancer) -> Result<String, Failure> {
        let (_, haproxy) = all(balancer).next().expect("a checked environment has one");
        Ok(haproxy.all_states().await?)
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot write `{}`: {}", path.display(), error.kind());
    Failure::new("traffic.state_file", message).hint(
        "a reload of HAProxy would go back to what was kept last: let us write there, or leave `state_file` out",
    )
}

fn rotation(balancer: &Balancer, node: &str, server: &Server) -> Result<Rotation, Failure> {
    let state = match server.administrative {
        Administrative::Ready => RotationState::Ready,
        Administrative::Drain => RotationState::Drain,
        Administrative::Maintenance => {
            let name = format!("{}/{}", backend(balancer), balancer.server(node));
            let message = format!(
                "`{node}` is in maintenance at its load balancer, where somebody or its configuration put it"
            );
            return Err(Failure::new("traffic.maintenance", message).hint(format!(
                "find out why; `set server {name} state drain` at HAProxy's socket takes it out of maintenance and gives it no requests"
            )));
        }
    };
    Ok(Rotation {
        weight: server.weight,
        state,
    })
}

fn in_words(rotation: Rotation) -> String {
    match rotation.state {
        RotationState::Ready => format!("weight {}", rotation.weight),
        RotationState::Drain => format!("drains with weight {}", rotation.weight),
    }
}

fn unknown(balancer: &Balancer, node: &str) -> Failure {
    let message = format!(
        "the backend `{}` has no server `{}`",
        backend(balancer),
        balancer.server(node)
    );
    Failure::new("traffic.unknown", message)
        .hint("`servers` under `[traffic]` says what HAProxy calls a node")
}

impl From<HaproxyError> for Failure {
    fn from(error: HaproxyError) -> Self {
        let message = error.to_string();
        match error {
            HaproxyError::Unreachable { .. } => Self::new("traffic.unreachable", message)
                .hint("does it run, and may we use its socket?"),
            HaproxyError::Refused { answer, .. } if answer.contains("ermission denied") => {
                Self::new("traffic.refused", message)
                    .hint("give the socket `level admin` in HAProxy's configuration")
            }
            HaproxyError::Refused { .. } => Self::new("traffic.refused", message),
            HaproxyError::Shape { .. } => Self::new("traffic.shape", message)
                .hint("HAProxy 2.0 or newer tells servers' states like that"),
        }
    }
}
