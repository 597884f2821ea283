//! The Admin API and the status listener: from a path to what answers it, and the headers around every answer.

mod access_log;
mod checks;
mod clustering;
mod config;
mod entities;
mod form;
mod health;
mod information;
mod metrics;
mod plugin_checks;
mod refusal;
mod schemas;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use super::Node;
use super::answers;
use crate::lab::http::{self, Answer, Asked};
pub(super) use checks::whole;
use refusal::Refusal;

/// The setting that gives a practice node a token, as Enterprise's role-based access has one.
const TOKEN_SETTING: &str = "practice_admin_token";

/// What an endpoint answers: a status with JSON or nothing.
type Told = Result<(StatusCode, Option<Value>), Refusal>;

/// Answers a request to the Admin API.
pub(super) async fn answer(node: Arc<Node>, request: Asked) -> Answer {
    let started = Instant::now();
    let line = access_log::Line::of(&request);
    let faults = node.heed_faults();
    if let Some(milliseconds) = faults.admin_delay_ms {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let mut answer = match faults.admin_status {
        Some(status) => answers::forced(&node, status),
        None => respond(&node, request, faults.admin_lies_version.as_deref()).await,
    };
    let version = faults
        .admin_lies_version
        .unwrap_or_else(|| node.version.to_string());
    let latency = started.elapsed().as_millis().to_string();
    let headers = answer.headers_mut();
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&node.now());
    let date = date.expect("the date of today has four digits in its year");
    headers.insert("date", answers::value(&date));
    headers.insert("access-control-allow-origin", answers::value("*"));
    if node.version.is_at_least(3, 0) {
        headers.insert("access-control-allow-credentials", answers::value("true"));
    }
    headers.insert("x-kong-admin-latency", answers::value(&latency));
    headers.insert("server", answers::value(&format!("kong/{version}")));
    answers::label(headers);
    line.write(&node.settings, &answer);
    answer
}

/// Answers a request to the status listener.
pub(super) async fn status_answer(node: Arc<Node>, request: Asked) -> Answer {
    let path = request.uri().path();
    let server = format!("kong/{}", node.version);
    let told = match path {
        "/status" => information::status(&node).await,
        "/status/ready" if node.version.is_at_least(3, 3) => information::ready(&node).await,
        "/metrics" => return labelled(metrics::answer(&node).await),
        _ => Err(Refusal::not_found()),
    };
    let mut answer = labelled(shown(told));
    let headers = answer.headers_mut();
    headers.insert("server", answers::value(&server));
    answer
}

async fn respond(node: &Arc<Node>, request: Asked, lie: Option<&str>) -> Answer {
    let (head, body) = request.into_parts();
    if !is_admitted(node, &head) {
        let message =
            json!({ "message": "Invalid credentials. Token or User credentials required" });
        return http::json(StatusCode::UNAUTHORIZED, &message);
    }
    if head.uri.path() == "/metrics" {
        return metrics::answer(node).await;
    }
    let Some(body) = http::body(body).await else {
        return http::empty(StatusCode::BAD_REQUEST);
    };
    shown(told(node, &head, &body, lie).await)
}

async fn told(node: &Arc<Node>, head: &Parts, body: &[u8], lie: Option<&str>) -> Told {
    let path = head.uri.path().trim_matches('/').to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    let is_read = head.method == Method::GET;
    match segments.as_slice() {
        [""] if is_read => information::root(node, lie).await,
        ["status"] if is_read => information::status(node).await,
        ["endpoints"] if is_read => Ok((StatusCode::OK, Some(information::endpoints(node)))),
        ["clustering", "status"] if is_read => clustering::map(node).await,
        ["clustering", "data-planes"] if is_read => {
            clustering::page(node, head.uri.query().unwrap_or_default()).await
        }
        ["config"] if is_read => config::told(node),
        ["config"] if head.method == Method::POST => config::take(node, head, body).await,
        ["debug", "node", "log-level"] if is_read && node.version.is_at_least(3, 0) => {
            let level = format!("log level: {}", node.settings.log_level);
            Ok((StatusCode::OK, Some(json!({ "message": level }))))
        }
        ["cache"] if head.method == Method::DELETE => {
            node.credentials.forget_all();
            node.groups.forget_all();
            node.stale.all();
            Ok((StatusCode::NO_CONTENT, None))
        }
        ["schemas", rest @ ..] if is_read => schemas::told(node, rest),
        ["tags"] if is_read => entities::tags(node, None).await,
        ["tags", tag] if is_read => entities::tags(node, Some(tag)).await,
        ["upstreams", upstream, "targets", "all"] if is_read => {
            let query = head.uri.query().unwrap_or_default();
            entities::all_targets(node, upstream, query).await
        }
        ["upstreams", upstream, "health"] if is_read => {
            let query = head.uri.query().unwrap_or_default();
            health::told(node, upstream, query).await
        }
        _ => entities::told(node, head, &segments, body).await,
    }
}

fn is_admitted(node: &Node, head: &Parts) -> bool {
    let wanted = node
        .settings
        .all
        .get(TOKEN_SETTING)
        .filter(|token| !token.is_empty());
    let given = head.headers.get("kong-admin-token");
    wanted.is_none_or(|wanted| given.is_some_and(|given| given.as_bytes() == wanted.as_bytes()))
}

fn shown(told: Told) -> Answer {
    match told {
        Ok((status, Some(body))) => http::json(status, &body),
        Ok((status, None)) => http::empty(status),
        Err(refusal) => http::json(refusal.status, &refusal.body),
    }
}

fn labelled(mut answer: Answer) -> Answer {
    answers::label(answer.headers_mut());
    answer
}
