//! What a practice gateway is configured with: services, routes, consumers and plugins, put there through its Admin API or, where
//! it has no database, written into a file.
//!
//! It says what it made as requests with the status to be had, from which a smoke test is made.

mod declarative;

use std::net::SocketAddr;

use http_body_util::Full;
use hyper::{Method, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::http::{self, Client};
pub use declarative::declarative;

/// What a gateway was configured with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeded {
    /// Requests, with what the proxy answers to them.
    pub requests: Vec<SeededRequest>,
    /// The consumers' keys, in the header `apikey`.
    pub keys: Vec<String>,
    /// A path whose requests are counted per consumer, [`MINUTE_LIMIT`] a minute: in the database, where there is one that nodes
    /// which answer clients have.
    pub limited_path: String,
}

/// One request to the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeededRequest {
    /// The path, with a leading slash.
    pub path: String,
    /// The Host header, where the route asks for one.
    pub host: Option<String>,
    /// The key, where the route asks for one.
    pub key: Option<String>,
    /// The status of the answer.
    pub status: u16,
}

/// Requests a minute that a consumer has on the limited path; wide enough for a smoke test to be repeated.
pub const MINUTE_LIMIT: u32 = 1_000;

/// The services.
const SERVICES: [&str; 4] = ["catalogue", "orders", "accounts", "site"];

/// How many consumers there are, each with a key.
const CONSUMERS: usize = 5;

/// Where requests to [`Seeded::limited_path`] are counted.
#[derive(Debug, Clone, Copy)]
enum Counting {
    /// In a table.
    Table,
    /// In each node.
    Node,
}

/// Requests an hour that a consumer has on `/accounts`.
const ACCOUNTS_LIMIT: u32 = 100_000;

/// Why a gateway could not be configured.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The Admin API did not answer.
    #[error("the Admin API does not answer `{method} {url}`")]
    Unreachable {
        /// The method.
        method: Method,
        /// The address.
        url: String,
    },
    /// The Admin API did not do it.
    #[error("the Admin API answered `{method} {url}` with {status}: {body}")]
    Refused {
        /// The method.
        method: Method,
        /// The address.
        url: String,
        /// The status.
        status: u16,
        /// The answer.
        body: String,
    },
}

/// Configures the fresh gateway at `admin_url` to pass requests on to `upstream_url` (both `http://host:port`); where there is a
/// `redis`, one of the limits is counted there.
pub async fn seed(
    admin_url: &str,
    upstream_url: &str,
    redis: Option<SocketAddr>,
) -> Result<Seeded, SeedError> {
    let admin = Admin {
        client: http::client(),
        url: admin_url.trim_end_matches('/'),
    };
    let root = admin.send(Method::GET, "/", &Value::Null).await?;
    let is_older = root["version"]
        .as_str()
        .is_some_and(|version| version.starts_with("2."));
    let counting = if root["configuration"]["role"] == "control_plane" {
        Counting::Node
    } else {
        Counting::Table
    };
    for name in SERVICES {
        admin
            .post("/services", &service(name, upstream_url))
            .await?;
    }
    for (service, route) in routes(mark(is_older)) {
        let path = format!("/services/{service}/routes");
        admin.post(&path, &route).await?;
    }
    for number in 1..=CONSUMERS {
        let consumer = consumer(number);
        admin.post("/consumers", &consumer).await?;
        let username = consumer["username"].as_str().unwrap_or_default();
        let path = format!("/consumers/{username}/key-auth");
        admin.post(&path, &json!({ "key": key(number) })).await?;
    }
    for (path, plugin) in plugins(redis, counting) {
        admin.post(path, &plugin).await?;
    }
    Ok(seeded())
}

/// What there is to be asked of a gateway that was configured.
fn seeded() -> Seeded {
    let keys: Vec<String> = (1..=CONSUMERS).map(key).collect();
    Seeded {
        requests: requests(&keys[0]),
        limited_path: "/orders".to_owned(),
        keys,
    }
}

fn service(name: &str, upstream_url: &str) -> Value {
    let url = format!("{}/", upstream_url.trim_end_matches('/'));
    json!({"name": name, "url": url, "tags": ["practice"]})
}

fn consumer(number: usize) -> Value {
    json!({"username": format!("consumer-{number}"), "custom_id": format!("c{number}")})
}

fn key(number: usize) -> String {
    format!("practice-key-{number}")
}

/// Before 3.0 a pattern is known by its characters; since, by its mark.
fn mark(is_older: bool) -> &'static str {
    if is_older { "" } else { "~" }
}

/// Configures the fresh gateway at `admin_url` to pass everything on to the `targets` of an upstream, each with its weight.
pub async fn seed_edge(
    admin_url: &str,
    upstream: &str,
    targets: impl Iterator<Item = (&str, u16)>,
) -> Result<(), SeedError> {
    let admin = Admin {
        client: http::client(),
        url: admin_url.trim_end_matches('/'),
    };
    admin
        .post("/upstreams", &json!({ "name": upstream }))
        .await?;
    for (target, weight) in targets {
        let target = json!({"target": target, "weight": weight, "tags": ["practice"]});
        let path = format!("/upstreams/{upstream}/targets");
        admin.post(&path, &target).await?;
    }
    let service = json!({"name": "gateway", "host": upstream});
    admin.post("/services", &service).await?;
    let route =
        json!({"name": "gateway", "paths": ["/"], "strip_path": false, "preserve_host": true});
    admin.post("/services/gateway/routes", &route).await
}

/// The routes with their services; `mark` stands before a pattern.
fn routes(mark: &str) -> [(&'static str, Value); 9] {
    [
        (
            "catalogue",
            json!({"name": "catalogue", "paths": ["/catalogue"]}),
        ),
        (
            "catalogue",
            json!({"name": "item", "paths": [format!("{mark}/items/\\d+$")], "strip_path": false}),
        ),
        (
            "catalogue",
            json!({"name": "search", "paths": ["/catalogue/search"], "methods": ["GET"]}),
        ),
        ("orders", json!({"name": "orders", "paths": ["/orders"]})),
        (
            "orders",
            json!({"name": "order-lines", "paths": [format!("{mark}/orders/(?<order>[a-z0-9-]+)/lines")]}),
        ),
        (
            "accounts",
            json!({"name": "accounts", "paths": ["/accounts"]}),
        ),
        (
            "site",
            json!({"name": "site", "hosts": ["www.example.test"]}),
        ),
        (
            "site",
            json!({"name": "maintenance", "paths": ["/maintenance"]}),
        ),
        (
            "site",
            json!({"name": "health", "paths": ["/health"], "tags": ["practice"]}),
        ),
    ]
}

/// The plugins with the collections they are put into.
fn plugins(redis: Option<SocketAddr>, counting: Counting) -> [(&'static str, Value); 8] {
    let policy = match counting {
        Counting::Table => "cluster",
        Counting::Node => "local",
    };
    // Versions since 3.6 take these names too, and keep them under `redis`.
    let accounts = match redis {
        None => json!({"hour": ACCOUNTS_LIMIT, "policy": "local"}),
        Some(redis) => {
            json!({"hour": ACCOUNTS_LIMIT, "policy": "redis", "redis_host": redis.ip(), "redis_port": redis.port()})
        }
    };
    [
        (
            "/plugins",
            json!({"name": "correlation-id", "config": {"header_name": "X-Correlation-Id", "echo_downstream": true}}),
        ),
        ("/plugins", json!({"name": "prometheus"})),
        ("/services/orders/plugins", json!({"name": "key-auth"})),
        (
            "/services/accounts/plugins",
            json!({"name": "key-auth", "config": {"hide_credentials": true}}),
        ),
        (
            "/services/orders/plugins",
            json!({"name": "rate-limiting", "config": {"minute": MINUTE_LIMIT, "policy": policy, "fault_tolerant": true}}),
        ),
        (
            "/services/accounts/plugins",
            json!({"name": "rate-limiting", "config": accounts}),
        ),
        (
            "/routes/maintenance/plugins",
            json!({"name": "request-termination", "config": {"status_code": 503, "message": "down for maintenance"}}),
        ),
        (
            "/routes/health/plugins",
            json!({"name": "request-termination", "config": {"status_code": 200, "message": "ok"}}),
        ),
    ]
}

/// Requests that reach every route, with what they are answered; `key` is a consumer's.
fn requests(key: &str) -> Vec<SeededRequest> {
    let request = |path: &str, key: Option<&str>, status| SeededRequest {
        path: path.to_owned(),
        host: None,
        key: key.map(str::to_owned),
        status,
    };
    let key = Some(key);
    let mut requests = vec![
        request("/catalogue", None, 200),
        request("/catalogue/search?q=1", None, 200),
        request("/items/42", None, 200),
        request("/items/none", None, 404),
        request("/orders", key, 200),
        request("/orders", None, 401),
        request("/orders/a-1/lines", key, 200),
        request("/accounts", key, 200),
        request("/accounts", Some("nobody"), 401),
        request("/maintenance", None, 503),
        request("/health", None, 200),
    ];
    requests.push(SeededRequest {
        host: Some("www.example.test".to_owned()),
        ..request("/", None, 200)
    });
    requests
}

struct Admin<'a> {
    client: Client,
    url: &'a str,
}

impl Admin<'_> {
    async fn post(&self, path: &str, body: &Value) -> Result<(), SeedError> {
        self.send(Method::POST, path, body).await.map(|_| ())
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, SeedError> {
        let url = format!("{}{path}", self.url);
        let unreachable = || SeedError::Unreachable {
            method: method.clone(),
            url: url.clone(),
        };
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let request = Request::builder()
            .method(&method)
            .uri(&url)
            .header("content-type", "application/json")
            .body(Full::from(body))
            .map_err(|_| unreachable())?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|_| unreachable())?;
        let status = answer.status();
        let body = http::body(answer.into_body())
            .await
            .ok_or_else(unreachable)?;
        if !status.is_success() {
            return Err(SeedError::Refused {
                method,
                url,
                status: status.as_u16(),
                body: String::from_utf8_lossy(&body).into_owned(),
            });
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}
