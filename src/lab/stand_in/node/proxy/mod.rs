//! The proxy: from a request to a route, through the plugins, to an upstream and back.
//!
//! It works on what the node has built or cached and asks the database only for unknown credentials and shared counters, so it goes on
//! when the database is gone.

mod acl;
mod authentication;
mod balancer;
mod basic_auth;
mod correlation_id;
mod cors;
mod counters;
mod credentials;
mod diversion;
mod ip_restriction;
mod key_auth;
mod order;
mod pairs;
mod path;
mod plugins;
mod query;
mod rate_limiting;
mod redis;
mod request_size;
mod request_transformer;
mod response_transformer;
mod router;
mod termination;
mod upstream;
mod waiting;

use std::sync::Arc;
use std::time::Instant;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use serde_json::json;
use uuid::Uuid;

pub(super) use acl::Groups;
pub(super) use balancer::{Target, Upstreams};
pub(super) use counters::LocalCounters;
pub(super) use credentials::Credentials;
pub(super) use ip_restriction::network;
pub(super) use plugins::Plugins;
pub(super) use redis::Redis;
pub(super) use router::{Route, Router, Service};
pub(super) use waiting::Waiting;

use super::Node;
use super::answers;
use crate::lab::http::{self, Answer, Asked, Peer};
use credentials::Credential;
use plugins::Plugin;
use rate_limiting::{Caller, Verdict};

/// A request on its way, with what the plugins have found out and want the answer to carry.
struct Exchange {
    node: Arc<Node>,
    head: Parts,
    address: String,
    request_id: String,
    started: Instant,
    credential: Option<Credential>,
    /// How long the body is.
    body_length: u64,
    /// The service as a canary changes it.
    elsewhere: Option<Service>,
    /// The path and the Host header that the upstream gets whatever the route says.
    path_for_upstream: Option<String>,
    host_for_upstream: Option<HeaderValue>,
    headers: HeaderMap,
    /// The plugins that apply, in their order, for what they do to the answer.
    filters: Vec<Arc<Plugin>>,
}

/// Answers a request to the proxy.
pub(super) async fn answer(node: Arc<Node>, request: Asked) -> Answer {
    let faults = node.heed_faults();
    let _answering = node.traffic.answering();
    if let Some(status) = faults.proxy_status {
        return answers::forced(&node, status);
    }
    let peer = request.extensions().get::<Peer>().copied();
    let (head, body) = request.into_parts();
    let (mut read, mut unread) = (Bytes::new(), None);
    if asks_before_sending(&head) {
        unread = Some(body);
    } else {
        match http::body(body).await {
            Some(body) => read = body,
            None => return http::empty(StatusCode::BAD_REQUEST),
        }
    }
    let mut exchange = Exchange {
        head,
        address: peer.map_or_else(String::new, |Peer(address)| address.ip().to_string()),
        request_id: Uuid::new_v4().simple().to_string(),
        started: Instant::now(),
        credential: None,
        body_length: u64::try_from(read.len()).unwrap_or(u64::MAX),
        elsewhere: None,
        path_for_upstream: None,
        host_for_upstream: None,
        headers: HeaderMap::new(),
        filters: Vec::new(),
        node: Arc::clone(&node),
    };
    let host = exchange.host();
    let path = exchange.head.uri.path().to_owned();
    let found = node.router().find(
        exchange.head.method.as_str(),
        &host,
        &path,
        &exchange.head.headers,
    );
    let Some((route, matched)) = found else {
        return exchange.refuse_unrouted(404, "no Route matched with those values");
    };
    let answer = if let Some(answer) = exchange.plugins(&route).await {
        exchange.finish(answer)
    } else {
        if let Some(body) = unread {
            // Reading it tells the client to send it.
            match http::body(body).await {
                Some(body) => read = body,
                None => return http::empty(StatusCode::BAD_REQUEST),
            }
        }
        upstream::pass_on(&mut exchange, &route, matched, read).await
    };
    node.traffic.note(&route, answer.status());
    answer
}

fn asks_before_sending(head: &Parts) -> bool {
    let expect = head.headers.get(hyper::header::EXPECT);
    expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

impl Exchange {
    /// Runs the plugins in the order of their priorities; an answer ends the request, but not the list of those that change it.
    async fn plugins(&mut self, route: &Route) -> Option<Answer> {
        let plugins = self.node.plugins();
        let mut answer = None;
        for name in plugins.order() {
            let consumer = self
                .credential
                .as_ref()
                .map(|found| found.consumer.as_str());
            let Some(plugin) = plugins.select(name, route, consumer) else {
                continue;
            };
            if *name != "cors" || !cors::is_preflight(&self.head) {
                self.filters.push(Arc::clone(&plugin));
            }
            if answer.is_none() {
                answer = self.access(&plugin, route).await;
            }
        }
        answer
    }

    /// What a plugin does to a request before it is passed on.
    async fn access(&mut self, plugin: &Plugin, route: &Route) -> Option<Answer> {
        match plugin.name.as_str() {
            "cors" => self.answer_preflight(plugin),
            "key-auth" => self.ask_for_key(plugin).await,
            "basic-auth" => self.ask_for_password(plugin).await,
            "ip-restriction" => self.restrict(plugin),
            "request-size-limiting" => self.limit_size(plugin),
            "acl" => self.authorise(plugin).await,
            "rate-limiting" => self.limit(plugin, route).await,
            "request-transformer" => self.transform_request(plugin),
            "redirect" => self.redirect(plugin),
            "canary" => {
                let service = route.service.as_ref();
                self.elsewhere = service.and_then(|service| self.divert(plugin, service));
                None
            }
            "request-termination" => self.terminate(plugin),
            "correlation-id" => {
                self.correlate(plugin);
                None
            }
            _ => None,
        }
    }

    /// What the plugins do to an answer's headers, whoever gave it.
    fn filter(&self, headers: &mut HeaderMap) {
        headers.extend(self.headers.clone());
        for plugin in &self.filters {
            match plugin.name.as_str() {
                "cors" => self.allow_reading(plugin, headers),
                "response-transformer" => response_transformer::transform(&plugin.config, headers),
                "correlation-id" => self.echo_correlation(plugin, headers),
                _ => {}
            }
        }
    }

    async fn limit(&mut self, plugin: &Plugin, route: &Route) -> Option<Answer> {
        let caller = Caller {
            credential: self.credential.as_ref(),
            address: self.address.clone(),
            headers: &self.head.headers,
            path: self.head.uri.path(),
            service: route.service.as_ref().map(|service| service.id.as_str()),
        };
        let (stop, headers) = match rate_limiting::judge(&self.node, plugin, &caller).await {
            Verdict::Pass(headers) => (None, headers),
            Verdict::Stop(status, message, headers) => (Some((status, message)), headers),
            Verdict::Broken => (Some((500, answers::UNEXPECTED.to_owned())), Vec::new()),
        };
        for (name, value) in headers {
            if let Ok(name) = name.parse::<HeaderName>() {
                self.headers.insert(name, value.into());
            }
        }
        stop.map(|(status, message)| self.error(status, &message))
    }

    /// An answer of the gateway's own with Kong's error body.
    fn error(&self, status: u16, message: &str) -> Answer {
        answers::error(&self.node.version, status, message, &self.request_id)
    }

    /// The same as the client gets it.
    fn refuse(&self, status: u16, message: &str) -> Answer {
        self.finish(self.error(status, message))
    }

    /// The same where there is nowhere to go, which 2.x told in one line.
    fn refuse_unrouted(&self, status: u16, message: &str) -> Answer {
        if self.node.version.is_at_least(3, 0) {
            return self.refuse(status, message);
        }
        self.finish(answers::compact(status, &json!({ "message": message })))
    }

    /// Puts the plugins' headers and those of a gateway that answered by itself on `answer`.
    fn finish(&self, mut answer: Answer) -> Answer {
        self.filter(answer.headers_mut());
        let elapsed = self.started.elapsed().as_millis();
        answers::gateway_headers(&self.node.version, answer.headers_mut());
        answer.headers_mut().insert(
            "x-kong-response-latency",
            answers::value(&elapsed.to_string()),
        );
        self.identify(answer)
    }

    /// Says which request it was, as 3.5 and later do.
    fn identify(&self, mut answer: Answer) -> Answer {
        if self.node.version.is_at_least(3, 5) {
            answer
                .headers_mut()
                .insert("x-kong-request-id", answers::value(&self.request_id));
        }
        answers::label(answer.headers_mut());
        answer
    }

    fn host(&self) -> String {
        let host = self.head.headers.get(hyper::header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        host.unwrap_or_default().to_owned()
    }
}
