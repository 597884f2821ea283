//! Load balancers: the practice load balancer's control interface.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Live;
use crate::environment::Traffic as Balancer;
use crate::gateway::{Failure, Rotation, RotationState, Traffic};

/// How long requests in flight may take before draining a node is a failure.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the load balancer tells of a node.
#[derive(Deserialize)]
struct Told {
    weight: u16,
    state: RotationState,
    in_flight: u64,
}

impl Live {
    /// The control address of the load balancer in front of a node.
    fn control(&self, node: &str) -> Result<String, Failure> {
        let (cluster, _) = self.node(node)?;
        let balancer: Option<&Balancer> = cluster
            .traffic
            .as_ref()
            .and_then(|name| self.environment.traffic.get(name));
        let control = balancer.and_then(|balancer| balancer.control.as_deref());
        let control = control.ok_or_else(|| {
            Failure::new(
                "traffic.none",
                format!("the node `{node}` has no load balancer with a control address"),
            )
            .hint("name one with `traffic = …` in its cluster, and its `control` under `[traffic]`")
        })?;
        Ok(format!("{}/nodes/{node}", control.trim_end_matches('/')))
    }

    async fn told(&self, node: &str) -> Result<Told, Failure> {
        let url = self.control(node)?;
        let answer = self
            .client
            .request(Method::GET, &url)?
            .send()
            .await
            .map_err(|error| unreachable(node, &error))?;
        if !answer.status().is_success() {
            return Err(Failure::new(
                "traffic.refused",
                format!(
                    "the load balancer answers {} about `{node}`",
                    answer.status()
                ),
            ));
        }
        answer
            .json()
            .await
            .map_err(|error| unreachable(node, &error))
    }
}

impl Traffic for Live {
    async fn rotation(&self, node: &str) -> Result<Rotation, Failure> {
        let told = self.told(node).await?;
        Ok(Rotation {
            weight: told.weight,
            state: told.state,
        })
    }

    async fn set_rotation(&self, node: &str, rotation: &Rotation) -> Result<(), Failure> {
        let url = self.control(node)?;
        let body = json!({ "weight": rotation.weight, "state": rotation.state });
        let answer = self
            .client
            .request(Method::PUT, &url)?
            .json(&body)
            .send()
            .await
            .map_err(|error| unreachable(node, &error))?;
        if !answer.status().is_success() {
            return Err(Failure::new(
                "traffic.refused",
                format!(
                    "the load balancer answers {} to `{node}` {body}",
                    answer.status()
                ),
            ));
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let told = self.told(node).await?;
            if (told.weight, told.state) != (rotation.weight, rotation.state) {
                return Err(Failure::new(
                    "traffic.not_set",
                    format!("the load balancer did not keep what was set for `{node}`"),
                ));
            }
            if rotation.state == RotationState::Ready || told.in_flight == 0 {
                return Ok(());
            }
            if Instant::now() > deadline {
                let message = format!(
                    "{} requests are still in flight on `{node}` after {} s",
                    told.in_flight,
                    PATIENCE.as_secs()
                );
                return Err(Failure::new("traffic.in_flight", message)
                    .hint("long polls and WebSockets must be ended by their clients"));
            }
            self.report.progress(&format!(
                "{} requests in flight on `{node}`",
                told.in_flight
            ));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn unreachable(node: &str, error: &reqwest::Error) -> Failure {
    Failure::new(
        "traffic.unreachable",
        format!(
            "the load balancer does not answer about `{node}`: {}",
            super::web::words(error)
        ),
    )
}
