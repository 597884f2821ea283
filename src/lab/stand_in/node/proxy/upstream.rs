//! The last leg: choosing an upstream's target, sending the request there and giving its answer back.

use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{EXPECT, HOST, VIA};
use hyper::{Request, Uri};

use super::super::answers;
use super::Exchange;
use super::balancer::Upstreams;
use super::path::Parts;
use super::router::{Route, Service};
use crate::lab::http::{self, Answer};

/// Where a service's next request goes; `None` for an upstream without targets that have a weight.
fn address(upstreams: &Upstreams, service: &Service) -> Option<String> {
    if upstreams.targets(&service.host).is_none() {
        return Some(format!("{}:{}", service.host, service.port));
    }
    upstreams.next(&service.host).map(str::to_owned)
}

/// Sends the request on and returns what comes back, with Kong's headers.
pub(super) async fn pass_on(
    exchange: &mut Exchange,
    route: &Route,
    matched: Option<usize>,
    body: Bytes,
) -> Answer {
    let elsewhere = exchange.elsewhere.take();
    let Some(service) = elsewhere.as_ref().or(route.service.as_ref()) else {
        return exchange.refuse_unrouted(503, "no Service found with those values");
    };
    let Some(address) = address(&exchange.node.upstreams(), service) else {
        return exchange.refuse(503, "failure to get a peer from the ring-balancer");
    };
    let Some(request) = request(exchange, route, service, &address, matched, body) else {
        return exchange.refuse(
            502,
            "An invalid response was received from the upstream server",
        );
    };
    let waiting = Instant::now();
    let limit = Duration::from_millis(service.read_timeout_ms);
    let asked = async {
        let answer = exchange.node.client.request(request).await.ok()?;
        let (head, body) = answer.into_parts();
        Some((head, http::body(body).await?))
    };
    let (mut head, body) = match tokio::time::timeout(limit, asked).await {
        Err(_) => return exchange.refuse(504, "The upstream server is timing out"),
        Ok(None) => {
            return exchange.refuse(
                502,
                "An invalid response was received from the upstream server",
            );
        }
        Ok(Some(answer)) => answer,
    };
    http::strip_connection_headers(&mut head.headers);
    let upstream = waiting.elapsed().as_millis();
    let own = exchange
        .started
        .elapsed()
        .as_millis()
        .saturating_sub(upstream);
    exchange.filter(&mut head.headers);
    let before = head.headers.get(VIA).and_then(|via| via.to_str().ok());
    let via = exchange.node.via(before);
    for (name, value) in [
        ("x-kong-upstream-latency", upstream.to_string()),
        ("x-kong-proxy-latency", own.to_string()),
        ("via", via),
    ] {
        head.headers.insert(name, answers::value(&value));
    }
    exchange.identify(Answer::from_parts(head, Full::new(body)))
}

fn request(
    exchange: &Exchange,
    route: &Route,
    service: &Service,
    address: &str,
    matched: Option<usize>,
    body: Bytes,
) -> Option<Request<Full<Bytes>>> {
    let given = &exchange.head;
    let parts = Parts {
        service: &service.path,
        request: given.uri.path(),
        matched,
        strip_path: route.strip_path,
        is_v1: route.is_v1,
    };
    let path = exchange.path_for_upstream.clone();
    let path = path.unwrap_or_else(|| parts.joined());
    let query = given.uri.query().map(|query| format!("?{query}"));
    let uri: Uri = format!("http://{address}{path}{}", query.unwrap_or_default())
        .parse()
        .ok()?;
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = given.method.clone();
    *request.uri_mut() = uri;
    let mut headers = given.headers.clone();
    http::strip_connection_headers(&mut headers);
    // Nobody waits: the body is there.
    headers.remove(EXPECT);
    if !route.preserve_host {
        headers.remove(HOST);
    }
    if let Some(host) = &exchange.host_for_upstream {
        headers.insert(HOST, host.clone());
    }
    for (name, value) in [
        ("x-forwarded-for", exchange.address.as_str()),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", &exchange.host()),
        ("x-forwarded-path", given.uri.path()),
    ] {
        headers.insert(name, answers::value(value));
    }
    if exchange.node.version.is_at_least(3, 5) {
        headers.insert("x-kong-request-id", answers::value(&exchange.request_id));
    }
    *request.headers_mut() = headers;
    Some(request)
}
