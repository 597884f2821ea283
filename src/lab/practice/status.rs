//! How a practice cluster is right now: what is installed, what runs, who gets traffic, what is broken on purpose.

use http_body_util::Full;
use hyper::Request;
use serde_json::Value;
use tokio::time::{Duration, timeout};

use super::super::balancer::State;
use super::super::http;
use super::ledger::Ledger;
use super::{Practice, PracticeError, Topology, database, fault};

/// How long an answer is waited for; a fault may have made a node slow.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a cluster is.
#[derive(Debug, Clone)]
pub struct Status {
    /// The nodes.
    pub nodes: Vec<NodeStatus>,
    /// The other processes by name, with their process id while they run.
    pub processes: Vec<(String, Option<i32>)>,
}

/// How a node is.
#[derive(Debug, Clone)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// The version that is installed.
    pub installed: Option<String>,
    /// The version of the process.
    pub running: Option<String>,
    /// The version that its Admin API claims; absent while it does not answer.
    pub admin: Option<String>,
    /// Its share of the traffic, while the load balancer answers.
    pub rotation: Option<Rotation>,
    /// Whether it reaches its database, as far as it says.
    pub reaches_database: Option<bool>,
    /// Its process id, while it runs.
    pub pid: Option<i32>,
    /// The faults of its file, as JSON; empty without any.
    pub faults: serde_json::Map<String, Value>,
}

/// A node's place in the load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Its weight.
    pub weight: u16,
    /// Whether it gets new requests.
    pub state: State,
    /// Requests it is answering.
    pub in_flight: u64,
}

/// Looks at the cluster.
pub async fn status(practice: &Practice) -> Result<Status, PracticeError> {
    let client = http::client();
    let mut nodes = Vec::new();
    for node in practice.all_nodes() {
        let running = node.running();
        let root = answer(&client, &node.admin).await;
        let health = answer(&client, &format!("{}/status", node.admin)).await;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        nodes.push(NodeStatus {
            name: node.name.clone(),
            installed: node.installed(),
            admin: root.and_then(|root| text(&root["version"])),
            rotation: practice.front.rotation(&node.name).await,
            reaches_database: health.and_then(|health| health["database"]["reachable"].as_bool()),
            pid: running.as_ref().map(|(process, _)| process.pid),
            running: running.map(|(_, version)| version),
            faults: match serde_json::to_value(fault::of(node)) {
                Ok(Value::Object(faults)) => faults,
                _ => serde_json::Map::new(),
            },
        });
    }
    let ledger = Ledger::open(&practice.directory)?;
    let mut processes = Vec::new();
    if practice.topology != Topology::Dbless {
        let server = database::running(&practice.directory).map(|process| process.pid);
        processes.push(("postgres".to_owned(), server));
    }
    for (name, process) in ledger.processes {
        processes.push((name, process.is_alive().then_some(process.pid)));
    }
    Ok(Status { nodes, processes })
}

/// What the practice cluster's own load balancer tells of a node.
pub(super) async fn of_practice(control: &str, node: &str) -> Option<Rotation> {
    let told = answer(&http::client(), &format!("{control}/nodes/{node}")).await?;
    Some(Rotation {
        weight: u16::try_from(told["weight"].as_u64()?).ok()?,
        state: serde_json::from_value(told["state"].clone()).ok()?,
        in_flight: told["in_flight"].as_u64()?,
    })
}

/// The JSON that `url` answers with success, if it does in time.
async fn answer(client: &http::Client, url: &str) -> Option<Value> {
    let request = Request::get(url).body(Full::default()).ok()?;
    let exchange = async {
        let answer = client.request(request).await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        serde_json::from_slice(&http::body(answer.into_body()).await?).ok()
    };
    timeout(PATIENCE, exchange).await.ok()?
}
