//! Kong as the load balancer: the weights of an upstream's targets, set through the Admin API and seen to be used by every Kong in front.
//!
//! All of them have one database, so a target is written through the first that answers. Each has a balancer of its own, which is built
//! anew when the node hears of the change: at once in the one that was told, by its polling of the database (`db_update_frequency`) in
//! the others. `/upstreams/{upstream}/health` tells a target as it stands in the database, and as `data` what the balancer of the worker
//! that answers has built (`get_upstream_health` and `getTargetStatus` in `kong/runloop/balancer/`, alike in 2.8, 3.4 and 3.9): its
//! `nodeWeight` is the weight in use. That proves one worker of each; the others hear of it within a second in 2.8, and at once since.

mod edge;
mod node;
mod target;

use std::time::{Duration, Instant};

use super::super::{Live, secret};
use super::{Balancer, PAUSE, Told};
use crate::gateway::{Failure, Rotation, RotationState};
use edge::{Edge, Pace};
use target::Target;

/// How long a balancer may take beyond what its settings say.
const PATIENCE: Duration = Duration::from_secs(5);

/// In how many of its intervals a Kong must have heard of a change: it may have just asked, and one answer may fail.
const INTERVALS: u32 = 3;

impl Live {
    pub(super) async fn told_by_kong(
        &self,
        balancer: &Balancer,
        node: &str,
    ) -> Result<Told, Failure> {
        let server = balancer.server(node);
        let mut told: Option<(&str, Told)> = None;
        for edge in self.edges(balancer).await? {
            let target = edge.target(server).await?;
            let rotation = rotation(&edge, &target)?;
            let is_up = edge.used(server).await?.is_healthy;
            let Some((first, together)) = &mut told else {
                let first = Told {
                    rotation,
                    in_flight: Some(0),
                    counted: "requests",
                    is_up,
                };
                told = Some((edge.admin, first));
                continue;
            };
            if together.rotation != rotation {
                let message = format!(
                    "the upstream `{}` gives `{node}` {} at `{first}` and {} at `{}`",
                    edge.upstream,
                    in_words(&together.rotation),
                    in_words(&rotation),
                    edge.admin
                );
                return Err(Failure::new("traffic.split", message).hint(
                    "they are to be nodes of one cluster: what one is told the others read",
                ));
            }
            together.is_up &= is_up;
        }
        let (_, mut told) = told.expect("a checked environment has one");
        if told.rotation.state == RotationState::Drain {
            told.in_flight = self.answering(node).await;
        }
        Ok(told)
    }

    pub(super) async fn tell_kong(
        &self,
        balancer: &Balancer,
        node: &str,
        rotation: &Rotation,
    ) -> Result<(), Failure> {
        if rotation.state == RotationState::Ready && rotation.weight == 0 {
            let message = format!(
                "nothing says which weight `{node}` is to have: it was drained by somebody else"
            );
            return Err(Failure::new("traffic.weight", message)
                .hint("name it: `traffic::admit(node, #{ weight: 100 })`"));
        }
        let server = balancer.server(node);
        let edges = self.edges(balancer).await?;
        let (edge, target) = first(&edges, server).await?;
        // Not where all is so already; and once more where it is set and not used, so that everybody is told of it again.
        if !matches!(late(&edges, node, server, rotation).await, Ok(None)) {
            edge.change(&target, &target.change(rotation)).await?;
        }
        self.await_use(&edges, node, server, rotation).await
    }

    /// Waits until every balancer uses what was set.
    async fn await_use(
        &self,
        edges: &[Edge<'_>],
        node: &str,
        server: &str,
        rotation: &Rotation,
    ) -> Result<(), Failure> {
        let mut pace = Pace {
            interval: Duration::ZERO,
            workers: Duration::ZERO,
        };
        for edge in edges {
            let own = edge.pace().await?;
            pace.interval = pace.interval.max(own.interval);
            pace.workers = pace.workers.max(own.workers);
        }
        let (begun, patience) = (Instant::now(), INTERVALS * pace.interval + PATIENCE);
        while let Some(late) = late(edges, node, server, rotation).await? {
            if begun.elapsed() > patience {
                let seconds = patience.as_secs();
                let message = format!("{}, {seconds} s after it was set", late.text);
                return Err(Failure::new("traffic.not_set", message).hint(late.hint));
            }
            self.report.progress(&late.text);
            tokio::time::sleep(PAUSE).await;
        }
        if rotation.state == RotationState::Drain {
            // What its workers had chosen by then has to reach the node before anybody counts there.
            tokio::time::sleep(pace.workers + PAUSE).await;
        }
        Ok(())
    }

    /// Every Kong of a load balancer.
    pub(super) async fn edges<'a>(
        &'a self,
        balancer: &'a Balancer,
    ) -> Result<Vec<Edge<'a>>, Failure> {
        let mut edges = Vec::new();
        for admin in &balancer.admin {
            let token = match &balancer.admin_token {
                Some(reference) => Some(
                    secret::resolve(reference)
                        .await
                        .map_err(|error| Failure::new("secret.unavailable", error.to_string()))?,
                ),
                None => None,
            };
            edges.push(Edge {
                client: &self.client,
                admin,
                token,
                upstream: balancer.upstream.as_deref().unwrap_or_default(),
            });
        }
        Ok(edges)
    }
}

/// The first that answers, with the target as it has it. On a way back it is told whether the others answer or not.
async fn first<'a, 'b>(
    edges: &'b [Edge<'a>],
    server: &str,
) -> Result<(&'b Edge<'a>, Target), Failure> {
    let mut unreachable = None;
    for edge in edges {
        match edge.target(server).await {
            Ok(target) => return Ok((edge, target)),
            Err(failure) if failure.code == "traffic.unreachable" => unreachable = Some(failure),
            Err(failure) => return Err(failure),
        }
    }
    Err(unreachable.expect("a checked environment has one"))
}

/// A Kong that does not use what was set.
struct Late {
    text: String,
    hint: &'static str,
}

/// The first Kong that does not use what was set.
async fn late(
    edges: &[Edge<'_>],
    node: &str,
    server: &str,
    rotation: &Rotation,
) -> Result<Option<Late>, Failure> {
    for edge in edges {
        let target = edge.target(server).await?;
        if target.rotation().as_ref() != Some(rotation) {
            return Ok(Some(Late {
                text: format!(
                    "the Kong at `{}` still has the weight {} for `{node}`",
                    edge.admin, target.weight
                ),
                hint: "does something else set its targets, such as `deck gateway sync`?",
            }));
        }
        let used = edge.used(server).await?.weight;
        if used != Some(u64::from(target::used(rotation))) {
            let how = match used {
                Some(used) => format!("still uses {used}"),
                None => "does not tell what its balancer uses".to_owned(),
            };
            return Ok(Some(Late {
                text: format!(
                    "the Kong at `{}` has the new weight of `{node}` and {how}",
                    edge.admin
                ),
                hint: "its error log says why it does not follow (`cluster_events`); a control plane has no balancer of its own to tell of",
            }));
        }
    }
    Ok(None)
}

fn rotation(edge: &Edge<'_>, target: &Target) -> Result<Rotation, Failure> {
    target.rotation().ok_or_else(|| {
        let largest = target::LARGEST;
        let message = format!(
            "the target `{}` of `{}` has the weight {}, and weights here go up to {largest}",
            target.address, edge.upstream, target.weight
        );
        Failure::new("traffic.weight", message)
            .hint("give the targets smaller weights in the same proportion")
    })
}

fn in_words(rotation: &Rotation) -> String {
    match rotation.state {
        RotationState::Ready => format!("the weight {}", rotation.weight),
        RotationState::Drain => format!("nothing (weight {} before)", rotation.weight),
    }
}
