//! The control interface: `GET /nodes` and `PUT /nodes/NAME`.

use std::sync::Arc;

use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::http::{self, Answer, Asked};
use super::rotation::{MOST_WEIGHT, Node, State};
use super::{Balancer, Scheduler};

/// What `GET /nodes` tells of a node.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    node: &'a Node,
    in_flight: u64,
    requests: u64,
    failures: u64,
    retries: u64,
}

/// What `PUT /nodes/NAME` may set; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    weight: Option<u16>,
    state: Option<State>,
}

pub(super) async fn answer(balancer: Arc<Balancer>, request: Asked) -> Answer {
    let (head, body) = request.into_parts();
    let name = head.uri.path().strip_prefix("/nodes/");
    match (&head.method, head.uri.path(), name) {
        (&Method::GET, "/nodes", _) => told(&balancer.scheduler(), None),
        (&Method::GET, _, Some(name)) => told(&balancer.scheduler(), Some(name)),
        (&Method::PUT, _, Some(name)) => {
            let body = http::body(body).await.unwrap_or_default();
            match serde_json::from_slice(&body) {
                Ok(setting) => set(&balancer, name, &setting),
                Err(error) => refusal(StatusCode::BAD_REQUEST, &error.to_string()),
            }
        }
        _ => refusal(
            StatusCode::NOT_FOUND,
            "there are `GET /nodes` and `PUT /nodes/NAME`",
        ),
    }
}

fn set(balancer: &Balancer, name: &str, setting: &Setting) -> Answer {
    if setting.weight.is_some_and(|weight| weight > MOST_WEIGHT) {
        let reason = format!("a weight is 0 to {MOST_WEIGHT}");
        return refusal(StatusCode::BAD_REQUEST, &reason);
    }
    if !balancer
        .scheduler()
        .rotation
        .set(name, setting.weight, setting.state)
    {
        return refusal(StatusCode::NOT_FOUND, "there is no such node");
    }
    // The answer promises that a restart keeps the setting, so it waits for the file.
    if let Err(error) = balancer.save() {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    told(&balancer.scheduler(), Some(name))
}

/// All nodes as a list, or the node `name` alone.
fn told(scheduler: &Scheduler, name: Option<&str>) -> Answer {
    let mut nodes = scheduler
        .rotation
        .nodes()
        .zip(&scheduler.counts)
        .map(|(node, counts)| Told {
            node,
            in_flight: counts.in_flight,
            requests: counts.requests,
            failures: counts.failures,
            retries: counts.retries,
        });
    match name {
        None => http::json(StatusCode::OK, &json!(nodes.collect::<Vec<_>>())),
        Some(name) => match nodes.find(|told| told.node.name == name) {
            Some(told) => http::json(StatusCode::OK, &json!(told)),
            None => refusal(StatusCode::NOT_FOUND, "there is no such node"),
        },
    }
}

fn refusal(status: StatusCode, message: &str) -> Answer {
    http::json(status, &json!({ "message": message }))
}
