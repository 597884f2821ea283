//! The proxy: from a request to a route, through the plugins, to an upstream and back.
//!
//! It works on what the node has built or cached and asks the database only for unknown keys and shared counters, so it goes on
//! when the database is gone.

mod balancer;
mod counters;
mod credentials;
mod diversion;
mod path;
mod plugins;
mod rate_limiting;
mod redis;
mod router;
mod upstream;
mod waiting;

use std::sync::Arc;
use std::time::Instant;

use hyper::header::HeaderName;
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use serde_json::json;
use uuid::Uuid;

pub(super) use balancer::{Target, Upstreams};
pub(super) use counters::LocalCounters;
pub(super) use credentials::Credentials;
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
    /// The service as a canary changes it.
    elsewhere: Option<Service>,
    headers: HeaderMap,
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
    let Some(body) = http::body(body).await else {
        return http::empty(StatusCode::BAD_REQUEST);
    };
    let mut exchange = Exchange {
        head,
        address: peer.map_or_else(String::new, |Peer(address)| address.ip().to_string()),
        request_id: Uuid::new_v4().simple().to_string(),
        started: Instant::now(),
        credential: None,
        elsewhere: None,
        headers: HeaderMap::new(),
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
    let answer = match exchange.plugins(&route).await {
        Some(answer) => answer,
        None => upstream::pass_on(&mut exchange, &route, matched, body).await,
    };
    node.traffic.note(&route, answer.status());
    answer
}

impl Exchange {
    /// Runs the plugins in the order of their priorities; an answer ends the request.
    async fn plugins(&mut self, route: &Route) -> Option<Answer> {
        let plugins = self.node.plugins();
        let consumer = |exchange: &Self| {
            let credential = exchange.credential.as_ref();
            credential.map(|credential| credential.consumer.clone())
        };
        if let Some(plugin) = plugins.select("correlation-id", route, None) {
            self.correlate(plugin);
        }
        if let Some(plugin) = plugins.select("key-auth", route, None)
            && let Some(answer) = self.authenticate(plugin).await
        {
            return Some(answer);
        }
        if let Some(plugin) = plugins.select("rate-limiting", route, consumer(self).as_deref())
            && let Some(answer) = self.limit(plugin, route).await
        {
            return Some(answer);
        }
        if let Some(plugin) = plugins.select("redirect", route, consumer(self).as_deref())
            && let Some(answer) = self.redirect(plugin)
        {
            return Some(answer);
        }
        if let Some(plugin) = plugins.select("canary", route, consumer(self).as_deref()) {
            let service = route.service.as_ref();
            self.elsewhere = service.and_then(|service| self.divert(plugin, service));
        }
        let plugin = plugins.select("request-termination", route, consumer(self).as_deref())?;
        self.terminate(plugin)
    }

    fn correlate(&mut self, plugin: &Plugin) {
        let name = plugin.config["header_name"]
            .as_str()
            .unwrap_or("Kong-Request-ID");
        let id = match plugin.config["generator"].as_str() {
            Some("uuid") => Uuid::new_v4().to_string(),
            _ => self.node.next_correlation(),
        };
        let Ok(name) = name.parse::<HeaderName>() else {
            return;
        };
        let value = self
            .head
            .headers
            .entry(name.clone())
            .or_insert(answers::value(&id))
            .clone();
        if plugin.config["echo_downstream"] == true {
            self.headers.insert(name, value);
        }
    }

    async fn authenticate(&mut self, plugin: &Plugin) -> Option<Answer> {
        let names = plugin.config["key_names"].as_array()?;
        let query = self.head.uri.query().unwrap_or_default();
        let key = names
            .iter()
            .filter_map(|name| name.as_str())
            .find_map(|name| {
                let in_header = self
                    .head
                    .headers
                    .get(name)
                    .and_then(|value| value.to_str().ok());
                let in_query = query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
                in_header.or(in_query).map(str::to_owned)
            });
        let realm = match plugin.config["realm"].as_str() {
            Some(realm) => format!("Key realm=\"{realm}\""),
            None if self.node.version.is_at_least(3, 7) => "Key".to_owned(),
            None => "Key realm=\"kong\"".to_owned(),
        };
        let challenge = (
            HeaderName::from_static("www-authenticate"),
            answers::value(&realm),
        );
        let Some(key) = key else {
            self.headers.extend([(Some(challenge.0), challenge.1)]);
            return Some(self.refuse(401, "No API key found in request"));
        };
        match self.node.credentials.find(self.node.store(), &key).await {
            Ok(Some(credential)) => {
                for (name, value) in [
                    ("x-consumer-id", &credential.consumer),
                    ("x-consumer-username", &credential.username),
                    ("x-consumer-custom-id", &credential.custom_id),
                    ("x-credential-identifier", &credential.id),
                ] {
                    if !value.is_empty() {
                        self.head.headers.insert(name, answers::value(value));
                    }
                }
                if plugin.config["hide_credentials"] == true {
                    for name in names.iter().filter_map(|name| name.as_str()) {
                        self.head.headers.remove(name);
                    }
                }
                self.credential = Some(credential);
                None
            }
            Ok(None) => {
                // Up to 3.6 only a missing key was answered with a challenge.
                if self.node.version.is_at_least(3, 7) {
                    self.headers.extend([(Some(challenge.0), challenge.1)]);
                }
                Some(self.refuse(401, self.node.invalid_key_message()))
            }
            Err(_) => Some(self.refuse(500, answers::UNEXPECTED)),
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
        stop.map(|(status, message)| self.refuse(status, &message))
    }

    fn terminate(&mut self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        if let Some(trigger) = config["trigger"].as_str()
            && !self.head.headers.contains_key(trigger)
        {
            return None;
        }
        let status = config["status_code"].as_u64().unwrap_or(503);
        let status = u16::try_from(status).unwrap_or(503);
        Some(match config["body"].as_str() {
            Some(body) => {
                let kind = config["content_type"].as_str();
                self.finish(answers::text(
                    status,
                    kind.unwrap_or("application/json; charset=utf-8"),
                    body,
                ))
            }
            None => match config["message"].as_str() {
                Some(message) => {
                    self.finish(answers::compact(status, &json!({ "message": message })))
                }
                None => self.finish(answers::text(status, "application/json; charset=utf-8", "")),
            },
        })
    }

    /// An answer of the gateway's own with Kong's error body.
    fn refuse(&self, status: u16, message: &str) -> Answer {
        self.finish(answers::error(
            &self.node.version,
            status,
            message,
            &self.request_id,
        ))
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
        answer.headers_mut().extend(self.headers.clone());
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
