//! The practice load balancer's control interface.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::super::{Live, web};
use super::{Balancer, Told};
use crate::gateway::{Failure, Rotation, RotationState};

/// What it tells of a node.
#[derive(Deserialize)]
struct Answer {
    weight: u16,
    state: RotationState,
    in_flight: u64,
}

impl Live {
    pub(super) async fn told_by_practice(
        &self,
        balancer: &Balancer,
        node: &str,
    ) -> Result<Told, Failure> {
        let url = url(balancer, node)?;
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
        let answer: Answer = answer
            .json()
            .await
            .map_err(|error| unreachable(node, &error))?;
        Ok(Told {
            rotation: Rotation::by_weight(answer.weight, answer.state),
            in_flight: Some(answer.in_flight),
            counted: "requests",
            // It checks nobody.
            is_up: true,
        })
    }

    pub(super) async fn tell_practice(
        &self,
        balancer: &Balancer,
        node: &str,
        rotation: &Rotation,
    ) -> Result<(), Failure> {
        let url = url(balancer, node)?;
        let body = json!({ "weight": rotation.weight, "state": rotation.state });
        let answer = self
            .client
            .request(Method::PUT, &url)?
            .json(&body)
            .send()
            .await
            .map_err(|error| unreachable(node, &error))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Failure::new(
            "traffic.refused",
            format!(
                "the load balancer answers {} to `{node}` {body}",
                answer.status()
            ),
        ))
    }
}

/// The control address of a node.
fn url(balancer: &Balancer, node: &str) -> Result<String, Failure> {
    let control = balancer.control.as_deref().ok_or_else(|| {
        let message = format!("the load balancer of `{node}` has no control address");
        Failure::new("traffic.none", message).hint("name its `control` under `[traffic]`")
    })?;
    Ok(format!("{}/nodes/{node}", control.trim_end_matches('/')))
}

fn unreachable(node: &str, error: &reqwest::Error) -> Failure {
    Failure::new(
        "traffic.unreachable",
        format!(
            "the load balancer does not answer about `{node}`: {}",
            web::words(error)
        ),
    )
}
