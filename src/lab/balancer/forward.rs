//! The data path: one request to one node, and to the next one if nothing of it has been sent yet.

use std::sync::Arc;

use http_body_util::Full;
use hyper::http::uri::{Authority, Scheme};
use hyper::{Request, StatusCode, Uri};
use serde_json::json;

use super::super::http::{self, Answer, Asked, Peer};
use super::Balancer;

/// Forwards `request` to the node whose turn it is.
///
/// A refused connection is retried on the next node, since nothing was sent; any later failure is a 502, because the node may
/// have acted on the request.
pub(super) async fn forward(balancer: Arc<Balancer>, request: Asked) -> Answer {
    let peer = request.extensions().get::<Peer>().copied();
    let (mut head, body) = request.into_parts();
    let Some(body) = http::body(body).await else {
        return refusal(StatusCode::BAD_REQUEST, "the request's body broke off");
    };
    http::strip_connection_headers(&mut head.headers);
    if let Some(Peer(address)) = peer
        && let Ok(value) = address.ip().to_string().parse()
    {
        head.headers.insert("x-forwarded-for", value);
    }
    let mut tried = Vec::new();
    loop {
        let Some(turn) = Turn::take(&balancer, &tried) else {
            let reason = if tried.is_empty() {
                "no node is in rotation"
            } else {
                "no node answers"
            };
            return refusal(StatusCode::SERVICE_UNAVAILABLE, reason);
        };
        let Some(uri) = at_node(&head.uri, &turn.address) else {
            return refusal(StatusCode::BAD_GATEWAY, "the node's address is no address");
        };
        let mut attempt = Request::new(Full::new(body.clone()));
        *attempt.method_mut() = head.method.clone();
        *attempt.uri_mut() = uri;
        *attempt.headers_mut() = head.headers.clone();
        match balancer.client.request(attempt).await {
            Ok(answer) => {
                let (mut head, body) = answer.into_parts();
                return match http::body(body).await {
                    Some(body) => {
                        http::strip_connection_headers(&mut head.headers);
                        Answer::from_parts(head, Full::new(body))
                    }
                    None => turn.fail("the node broke off in the middle of its answer"),
                };
            }
            Err(error) if error.is_connect() => {
                tried.push(turn.index);
                turn.retry();
            }
            Err(_) => return turn.fail("the node closed the connection without an answer"),
        }
    }
}

/// The same request, addressed to a node; the Host header stays what the client sent.
fn at_node(uri: &Uri, address: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(address.parse::<Authority>().ok()?);
    Uri::from_parts(parts).ok()
}

fn refusal(status: StatusCode, message: &str) -> Answer {
    http::json(status, &json!({ "message": message }))
}

/// One node's turn at one request; while it exists the request counts as in flight there.
struct Turn {
    balancer: Arc<Balancer>,
    index: usize,
    address: String,
}

impl Turn {
    fn take(balancer: &Arc<Balancer>, tried: &[usize]) -> Option<Self> {
        let mut scheduler = balancer.scheduler();
        let index = scheduler.rotation.next(tried)?;
        let address = scheduler.rotation.nodes().nth(index)?.address.clone();
        let counts = &mut scheduler.counts[index];
        counts.in_flight += 1;
        counts.requests += 1;
        Some(Self {
            balancer: Arc::clone(balancer),
            index,
            address,
        })
    }

    fn retry(self) {
        let mut scheduler = self.balancer.scheduler();
        let counts = &mut scheduler.counts[self.index];
        counts.failures += 1;
        counts.retries += 1;
    }

    fn fail(self, message: &str) -> Answer {
        self.balancer.scheduler().counts[self.index].failures += 1;
        refusal(StatusCode::BAD_GATEWAY, message)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.balancer.scheduler().counts[self.index].in_flight -= 1;
    }
}
