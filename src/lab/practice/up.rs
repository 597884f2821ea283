//! Bringing a practice cluster up, step by step, and taking back what was started when a step fails.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;

use super::super::balancer::{self, State};
use super::super::seed::{self, Seeded, SeededRequest};
use super::super::{http, postgres};
use super::ledger::Ledger;
use super::parts::{EchoListening, Part, wait_until};
use super::{Practice, PracticeError, PracticeNode, RECORD, Remains, database, down, files};
use crate::kong::Version;

/// The nodes' names.
const NODES: [&str; 2] = ["kong-1", "kong-2"];

/// A node's share of the traffic.
const WEIGHT: u16 = 100;

/// A route of the seeded configuration without credentials and counters that is passed on.
const UNLIMITED_PATH: &str = "/catalogue";

/// How long the configuration may take to reach every node.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a cluster is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The `cutover` binary, which the stand-in's commands and the long-running parts are.
    pub binary: PathBuf,
    /// The version that is installed and runs.
    pub version: Version,
}

/// Brings a practice cluster up in `directory`, which must be empty or absent.
///
/// When it fails, what it started is ended and what it wrote is removed. Dropped half-way it leaves everything to [`down`].
pub async fn up(directory: &Path, options: &Options) -> Result<Practice, PracticeError> {
    let directory = claim(directory)?;
    match bring_up(&directory, options).await {
        Ok(practice) => Ok(practice),
        Err(error) => {
            // The first error is the one to tell; what could not be taken down stays in the ledger.
            let _ = down(&directory, Remains::Remove).await;
            Err(error)
        }
    }
}

/// Makes the directory ours: from here on it holds a ledger.
fn claim(directory: &Path) -> Result<PathBuf, PracticeError> {
    // Told before anything is made.
    postgres::binaries()?;
    let failed = |path: &Path| files::failed("use", path);
    let is_new = !directory.exists();
    if !is_new {
        let mut entries = std::fs::read_dir(directory).map_err(failed(directory))?;
        if entries.next().is_some() {
            return Err(PracticeError::InUse {
                directory: directory.to_owned(),
            });
        }
    }
    let absolute = std::path::absolute(directory).map_err(failed(directory))?;
    let above = absolute.ancestors().find(|above| above.exists());
    database::require_open(above.unwrap_or(&absolute))?;
    files::make_directory(&absolute)?;
    // Whatever the mask was, PostgreSQL's user must be able to pass.
    std::fs::set_permissions(&absolute, std::fs::Permissions::from_mode(0o711))
        .map_err(failed(&absolute))?;
    database::require_open(&absolute)?;
    // Links resolved: processes are known by the paths in their arguments.
    let directory = absolute.canonicalize().map_err(failed(&absolute))?;
    let ledger = Ledger {
        socket: database::choose_socket(&directory)?,
        processes: BTreeMap::new(),
    };
    ledger.save(&directory)?;
    Ok(directory)
}

async fn bring_up(directory: &Path, options: &Options) -> Result<Practice, PracticeError> {
    let mut ledger = Ledger::open(directory)?;
    let socket = ledger.socket.clone();
    database::create(directory, &socket).await?;

    let mut nodes = Vec::new();
    for name in NODES {
        let node = PracticeNode::create(directory, name, &options.version, &options.binary)?;
        node.configure(&socket)?;
        nodes.push(node);
    }
    nodes[0].kong(&["migrations", "bootstrap"]).await?;
    for node in &mut nodes {
        node.start_first(&socket).await?;
    }

    let part = |name| {
        let own = directory.join(name);
        files::make_directory(&own)?;
        Ok::<_, PracticeError>(Part {
            name,
            argument: own.clone(),
            directory: own,
            binary: &options.binary,
        })
    };
    let echo: EchoListening = part("echo")?.start(directory, &mut ledger).await?;
    let upstream = format!("http://{}", echo.address);
    let mut front = part("balancer")?;
    front.argument = front.directory.join("balancer.json");
    files::write_json(&front.argument, &balancer_of(&nodes))?;
    let front: balancer::Listening = front.start(directory, &mut ledger).await?;

    let seeded = seed::seed(&nodes[0].admin, &upstream).await?;
    wait_for_nodes(&nodes, &seeded).await?;
    let practice = Practice {
        directory: directory.to_owned(),
        environment: directory.join("environment.toml"),
        socket,
        nodes,
        url: format!("http://{}", front.traffic),
        control: format!("http://{}", front.control),
        upstream,
        checks: files::short_checks(&seeded),
        seeded,
        unlimited_path: UNLIMITED_PATH.to_owned(),
    };
    files::write_private(&practice.environment, &files::environment(&practice))?;
    let checks = files::checks_module(&practice.seeded);
    files::write_private(&directory.join("checks.rhai"), &checks)?;
    // Last, since it says that everything before is there.
    files::write_json(&directory.join(RECORD), &practice)?;
    Ok(practice)
}

fn balancer_of(nodes: &[PracticeNode]) -> balancer::Config {
    let any = "127.0.0.1:0".to_owned();
    let nodes = nodes.iter().map(|node| balancer::Node {
        name: node.name.clone(),
        address: node.proxy.trim_start_matches("http://").to_owned(),
        weight: WEIGHT,
        state: State::Ready,
    });
    balancer::Config {
        listen: any.clone(),
        control: any,
        nodes: nodes.collect(),
    }
}

/// Waits until every node answers as the configuration says; the second one hears of it through the database.
async fn wait_for_nodes(nodes: &[PracticeNode], seeded: &Seeded) -> Result<(), PracticeError> {
    let client = http::client();
    for node in nodes {
        for request in &seeded.requests {
            let what = format!("`{}` does not answer `{}` rightly", node.name, request.path);
            wait_until(&what, PATIENCE, async || {
                status(&client, &node.proxy, request).await == Some(request.status)
            })
            .await?;
        }
    }
    Ok(())
}

async fn status(client: &http::Client, proxy: &str, asked: &SeededRequest) -> Option<u16> {
    let mut request = Request::get(format!("{proxy}{}", asked.path));
    if let Some(host) = &asked.host {
        request = request.header("host", host);
    }
    if let Some(key) = &asked.key {
        request = request.header("apikey", key);
    }
    let answer = client
        .request(request.body(Full::default()).ok()?)
        .await
        .ok()?;
    Some(answer.status().as_u16())
}
