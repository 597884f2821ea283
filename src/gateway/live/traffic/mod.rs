//! Load balancers: who gets requests, set and read back.

mod command;
mod haproxy;
mod kong_upstream;
mod listed;
mod nginx;
mod practice;
mod whole_file;

use std::time::{Duration, Instant};

use super::Live;
use crate::environment::{Access, Traffic as Balancer, TrafficKind};
use crate::gateway::{Failure, Rotation, Traffic};

/// How long requests in flight may take before draining a node is a failure, and a node's checks before admitting it is one.
const PATIENCE: Duration = Duration::from_mins(2);

/// The pause between two looks, each of which may start a program.
const PAUSE: Duration = Duration::from_millis(100);

/// What a load balancer tells of a node.
struct Told {
    rotation: Rotation,
    /// How much the node still answers, or is waited for by; `None` where nobody tells.
    in_flight: Option<u64>,
    /// What is counted there.
    counted: &'static str,
    /// Whether the load balancer's own checks let the node have requests.
    is_up: bool,
}

impl Live {
    /// The load balancer in front of a node.
    async fn balancer(&self, node: &str) -> Result<&Balancer, Failure> {
        let (cluster, _) = self.node(node).await?;
        let balancer = cluster
            .traffic
            .as_ref()
            .and_then(|name| self.environment.traffic.get(name));
        balancer.ok_or_else(|| none(node))
    }

    fn behind_haproxy(&self, node: &str) -> Result<haproxy::Place<'_>, Failure> {
        haproxy::Place::of(&self.environment, node).ok_or_else(|| none(node))
    }

    async fn told(&self, node: &str) -> Result<Told, Failure> {
        let balancer = self.balancer(node).await?;
        match balancer.kind {
            TrafficKind::Haproxy => haproxy::told(&self.behind_haproxy(node)?, self.access).await,
            TrafficKind::Nginx => nginx::told(balancer, node),
            TrafficKind::Command => self.told_by_command(balancer, node).await,
            TrafficKind::KongUpstream => self.told_by_kong(balancer, node).await,
            TrafficKind::Practice => self.told_by_practice(balancer, node).await,
        }
    }

    async fn tell(&self, node: &str, rotation: &Rotation) -> Result<(), Failure> {
        if self.access != Access::Run {
            let message = format!(
                "giving `{node}` more or fewer requests is no look, and nothing else is done here"
            );
            return Err(Failure::new("look.request", message));
        }
        let balancer = self.balancer(node).await?;
        match balancer.kind {
            TrafficKind::Haproxy => {
                let place = self.behind_haproxy(node)?;
                self.tell_haproxy(&place, rotation).await
            }
            TrafficKind::Nginx => self.tell_nginx(balancer, node, rotation).await,
            TrafficKind::Command => self.tell_by_command(balancer, node, rotation).await,
            TrafficKind::KongUpstream => self.tell_kong(balancer, node, rotation).await,
            TrafficKind::Practice => self.tell_practice(balancer, node, rotation).await,
        }
    }
}

impl Traffic for Live {
    async fn rotation(&self, node: &str) -> Result<Rotation, Failure> {
        Ok(self.told(node).await?.rotation)
    }

    async fn set_rotation(&self, node: &str, rotation: &Rotation) -> Result<(), Failure> {
        self.tell(node, rotation).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let told = self.told(node).await?;
            if told.rotation != *rotation {
                return Err(Failure::new(
                    "traffic.not_set",
                    format!("the load balancer did not keep what was set for `{node}`"),
                ));
            }
            let Some(lacking) = lacking(node, &told) else {
                if told.in_flight.is_none() {
                    let text =
                        format!("`{node}` does not tell what it still answers: not waited for");
                    self.report.progress(&text);
                }
                return Ok(());
            };
            if Instant::now() > deadline {
                let seconds = PATIENCE.as_secs();
                return Err(lacking.failure(seconds));
            }
            self.report.progress(&lacking.text);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn none(node: &str) -> Failure {
    let message = format!("the node `{node}` has no load balancer");
    Failure::new("traffic.none", message)
        .hint("name one with `traffic = …` in its cluster, and describe it under `[traffic]`")
}

/// What is still waited for.
struct Lacking {
    code: &'static str,
    text: String,
    hint: &'static str,
}

impl Lacking {
    fn failure(self, seconds: u64) -> Failure {
        Failure::new(self.code, format!("{} after {seconds} s", self.text)).hint(self.hint)
    }
}

/// What keeps a node's setting from being whole: requests in flight of one that drains, checks of one that is to have some.
fn lacking(node: &str, told: &Told) -> Option<Lacking> {
    let in_flight = told.in_flight.unwrap_or(0);
    if !told.rotation.is_admitted() && in_flight > 0 {
        return Some(Lacking {
            code: "traffic.in_flight",
            text: format!("{in_flight} {} in flight on `{node}`", told.counted),
            hint: "long polls and WebSockets must be ended by their clients",
        });
    }
    (told.rotation.serves() && !told.is_up).then(|| Lacking {
        code: "traffic.down",
        text: format!("the load balancer's checks of `{node}` fail"),
        hint: "it gets no requests until they pass: look at what is checked, and at the node",
    })
}
