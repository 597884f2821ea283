//! The practice load balancer between real sockets: shares, draining, retries, its memory, and the load client's account.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use cutover::lab::balancer::{self, Config, Listening, Node, State};
use cutover::lab::client::Load;
use cutover::lab::{echo, http};
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use tokio::sync::watch;

struct World {
    directory: tempfile::TempDir,
    stops: Vec<watch::Sender<bool>>,
    stop: watch::Sender<bool>,
    serving: tokio::task::JoinHandle<()>,
    listening: Listening,
}

impl World {
    /// A balancer before one echo upstream per weight; a weight of `None` is a node that nobody serves.
    async fn new(weights: &[Option<u16>]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut stops = Vec::new();
        let mut nodes = Vec::new();
        for (index, weight) in weights.iter().enumerate() {
            let (listener, address) = http::bind("127.0.0.1:0").await.expect("bound");
            if weight.is_some() {
                let (stop, stopped) = watch::channel(false);
                tokio::spawn(echo::serve(listener, stopped));
                stops.push(stop);
            }
            nodes.push(Node {
                name: format!("n{index}"),
                address: address.to_string(),
                weight: weight.unwrap_or(1),
                state: State::Ready,
            });
        }
        let config = Config {
            listen: "127.0.0.1:0".to_owned(),
            control: "127.0.0.1:0".to_owned(),
            nodes,
        };
        let path = directory.path().join("balancer.json");
        std::fs::write(&path, serde_json::to_vec(&config).expect("JSON")).expect("written");
        let (stop, serving, listening) = start(&path).await;
        Self {
            directory,
            stops,
            stop,
            serving,
            listening,
        }
    }

    async fn restart(&mut self) {
        self.stop.send(true).expect("running");
        (&mut self.serving).await.expect("ended");
        let path = self.directory.path().join("balancer.json");
        std::fs::remove_file(self.directory.path().join("listening.json")).expect("removed");
        (self.stop, self.serving, self.listening) = start(&path).await;
    }

    async fn nodes(&self) -> Value {
        let (status, nodes) = exchange("GET", &self.listening.control, "/nodes", "").await;
        assert_eq!(status, 200);
        nodes
    }

    async fn put(&self, name: &str, setting: &Value) -> u16 {
        let path = format!("/nodes/{name}");
        let (status, _) =
            exchange("PUT", &self.listening.control, &path, &setting.to_string()).await;
        status
    }

    async fn get(&self, path: &str) -> u16 {
        exchange("GET", &self.listening.traffic, path, "").await.0
    }
}

async fn start(path: &Path) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>, Listening) {
    let (stop, stopped) = watch::channel(false);
    let owned = path.to_owned();
    let serving = tokio::spawn(async move {
        balancer::serve(&owned, stopped).await.expect("served");
    });
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Ok(text) = std::fs::read(path.with_file_name("listening.json")) {
            return (
                stop,
                serving,
                serde_json::from_slice(&text).expect("addresses"),
            );
        }
        assert!(Instant::now() < deadline, "the balancer does not listen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn exchange(method: &str, address: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .body(Full::from(body.to_owned()))
        .expect("a request");
    let answer = http::client().request(request).await.expect("answered");
    let status = answer.status().as_u16();
    let body = http::body(answer.into_body()).await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn weights_are_shares_and_survive_a_restart() {
    let mut world = World::new(&[Some(3), Some(1)]).await;
    for _ in 0..8 {
        assert_eq!(world.get("/").await, 200);
    }
    let nodes = world.nodes().await;
    assert_eq!(nodes[0]["requests"], 6);
    assert_eq!(nodes[1]["requests"], 2);
    assert_eq!(
        world
            .put("n0", &json!({"weight": 0, "state": "drain"}))
            .await,
        200
    );
    assert_eq!(world.put("n0", &json!({"weight": 257})).await, 400);
    assert_eq!(world.put("n0", &json!({"wieght": 1})).await, 400);
    assert_eq!(world.put("n9", &json!({"weight": 1})).await, 404);
    world.restart().await;
    let nodes = world.nodes().await;
    assert_eq!(nodes[0]["weight"], 0);
    assert_eq!(nodes[0]["state"], "drain");
    assert_eq!(world.get("/").await, 200);
    assert_eq!(world.put("n1", &json!({"weight": 0})).await, 200);
    assert_eq!(world.get("/").await, 503);
}

#[tokio::test]
async fn a_draining_node_finishes_what_it_has() {
    let world = World::new(&[Some(1), Some(0)]).await;
    let slow = tokio::spawn({
        let traffic = world.listening.traffic.clone();
        async move { exchange("GET", &traffic, "/?sleep_ms=400", "").await.0 }
    });
    let deadline = Instant::now() + Duration::from_secs(5);
    while world.nodes().await[0]["in_flight"] != 1 {
        assert!(
            Instant::now() < deadline,
            "the slow request does not arrive"
        );
    }
    assert_eq!(world.put("n0", &json!({"state": "drain"})).await, 200);
    assert_eq!(world.get("/").await, 503);
    assert_eq!(slow.await.expect("joined"), 200);
    assert_eq!(world.nodes().await[0]["in_flight"], 0);
}

#[tokio::test]
async fn a_refused_connection_is_retried_elsewhere_and_the_load_client_sees_none_of_it() {
    let world = World::new(&[None, Some(1)]).await;
    let running = Load {
        url: format!("http://{}/", world.listening.traffic),
        rate: 200.0,
        headers: BTreeMap::new(),
        timeout: Duration::from_secs(5),
    }
    .start()
    .expect("started");
    let deadline = Instant::now() + Duration::from_secs(10);
    while world.nodes().await[1]["requests"]
        .as_u64()
        .expect("a count")
        < 20
    {
        assert!(Instant::now() < deadline, "no load arrives");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let report = running.stop().await;
    assert_eq!(report.failed(), 0, "{report:?}");
    assert_eq!(report.succeeded, report.sent);
    assert_eq!(report.longest_outage_ms, 0);
    let nodes = world.nodes().await;
    assert!(nodes[0]["retries"].as_u64().expect("a count") > 0);
    assert_eq!(nodes[1]["failures"], 0);
    drop(world.stops);
}
