//! HAProxy by its runtime socket; where several stand side by side, all of them, set alike.
//!
//! Servers of one backend get requests by their weights. Where the environment describes a map, each cluster has a backend of its own and
//! the map says which of them all clients are sent to; weights and states are then those of servers within their side.

mod side;
mod states;

use super::super::Live;
use super::{Balancer, Told};
use crate::environment::{Access, Environment};
use crate::gateway::{Failure, Rotation, RotationState};
use crate::haproxy::{Address, Administrative, Haproxy, HaproxyError, Server};
use states::States;

/// Where a node stands, as a checked environment describes it.
pub(super) struct Place<'a> {
    /// The load balancer's name in the environment.
    name: &'a str,
    balancer: &'a Balancer,
    environment: &'a Environment,
    backend: &'a str,
    node: &'a str,
}

impl<'a> Place<'a> {
    /// That of a node of the environment that stands behind a load balancer.
    pub(super) fn of(environment: &'a Environment, node: &str) -> Option<Self> {
        let (cluster_name, cluster, node) = environment.node(node)?;
        let (name, balancer) = environment
            .traffic
            .get_key_value(cluster.traffic.as_ref()?)?;
        Some(Self {
            name,
            balancer,
            environment,
            backend: balancer.backend_of(cluster_name),
            node: &node.name,
        })
    }

    /// That of another node.
    fn of_node(&self, node: &str) -> Option<Self> {
        Self::of(self.environment, node)
    }

    /// Every HAProxy of the load balancer.
    fn all(&self) -> Vec<Haproxy> {
        let sockets = self.balancer.sockets.iter();
        sockets
            .map(|socket| Haproxy::at(Address::of(socket)))
            .collect()
    }

    /// What HAProxy calls the node.
    fn server_name(&self) -> &str {
        self.balancer.server(self.node)
    }

    /// The node's server at one of them.
    async fn server(&self, haproxy: &Haproxy) -> Result<Server, Failure> {
        let server = haproxy.server(self.backend, self.server_name()).await?;
        server.ok_or_else(|| self.unknown())
    }

    fn unknown(&self) -> Failure {
        let message = format!(
            "the backend `{}` has no server `{}`",
            self.backend,
            self.server_name()
        );
        Failure::new("traffic.unknown", message)
            .hint("`servers` under `[traffic]` says what HAProxy calls a node")
    }
}

/// What all of them tell of a node, if they tell the same.
pub(super) async fn told(place: &Place<'_>, access: Access) -> Result<Told, Failure> {
    let mut told: Option<(&str, Told)> = None;
    for (socket, haproxy) in place.balancer.sockets.iter().zip(place.all()) {
        let server = place.server(&haproxy).await?;
        let rotation = Rotation {
            side: side::side(place, &haproxy).await?,
            ..rotation(place, &server)?
        };
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
                "two load balancers differ about `{}`: {} at `{first}`, {} at `{socket}`",
                place.node,
                in_words(&together.rotation),
                in_words(&rotation)
            );
            return Err(Failure::new("traffic.split", message)
                .hint("find out who set one of them, and set them alike"));
        }
        together.in_flight = together.in_flight.map(|before| before + server.in_flight);
        together.is_up &= server.is_up;
    }
    side::require_kept(place, access).await?;
    told.map(|(_, told)| told).ok_or_else(|| place.unknown())
}

impl Live {
    /// Sets a node's rotation at all of them, and keeps it for their next start.
    pub(super) async fn tell_haproxy(
        &self,
        place: &Place<'_>,
        rotation: &Rotation,
    ) -> Result<(), Failure> {
        let states = match &place.balancer.state_file {
            Some(path) => Some(States::begin(path, place).await),
            None => None,
        };
        for haproxy in place.all() {
            let found = self::rotation(place, &place.server(&haproxy).await?)?;
            // Only what differs, so that a way back does not fail where nothing was done.
            if (found.weight, found.state) == (rotation.weight, rotation.state) {
                continue;
            }
            let drains = rotation.state == RotationState::Drain;
            // A node is not taken from its clients where that cannot be kept. It is given back to them whatever can be kept: on a way back
            // that is what counts.
            if let (true, Some(Err(failure))) = (drains, &states) {
                return Err(failure.clone());
            }
            let (backend, server) = (place.backend, place.server_name());
            // The weight first: a node that is admitted begins with what it is to have.
            haproxy.set_weight(backend, server, rotation.weight).await?;
            haproxy.set_state(backend, server, drains).await?;
            if let Some(Err(failure)) = &states {
                return Err(failure.clone());
            }
        }
        // Also where nothing differed: whoever set it may have ended before this.
        if let Some(Ok(states)) = states {
            states.keep(place).await?;
        }
        match &rotation.side {
            Some(side) => self.choose_side(place, &side.chosen).await,
            None => Ok(()),
        }
    }
}

/// What a server gets within its backend.
fn rotation(place: &Place<'_>, server: &Server) -> Result<Rotation, Failure> {
    let state = match server.administrative {
        Administrative::Ready => RotationState::Ready,
        Administrative::Drain => RotationState::Drain,
        Administrative::Maintenance => {
            let name = format!("{}/{}", place.backend, place.server_name());
            let message = format!(
                "`{}` is in maintenance at its load balancer, where somebody or its configuration put it",
                place.node
            );
            return Err(Failure::new("traffic.maintenance", message).hint(format!(
                "find out why; `set server {name} state drain` at HAProxy's socket takes it out of maintenance and gives it no requests"
            )));
        }
    };
    Ok(Rotation::by_weight(server.weight, state))
}

fn in_words(rotation: &Rotation) -> String {
    let weight = match rotation.state {
        RotationState::Ready => format!("weight {}", rotation.weight),
        RotationState::Drain => format!("drains with weight {}", rotation.weight),
    };
    match &rotation.side {
        None => weight,
        Some(side) if side.is_chosen() => format!("{weight}, on the side of the clients"),
        Some(_) => format!("{weight}, with clients on another side"),
    }
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
