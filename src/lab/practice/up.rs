//! Bringing a practice cluster up, step by step, and taking back what was started when a step fails.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::super::balancer::{self, State};
use super::super::{postgres, seed};
use super::front::{self, Behind, EDGES, Front, FrontKind, Place};
use super::ledger::Ledger;
use super::parts::{EchoListening, Part};
use super::ports::{self, Kept};
use super::{
    Practice, PracticeError, PracticeNode, RECORD, Remains, Security, database, down, files,
    foreign, prove, redis,
};
use crate::kong::Version;

/// The nodes' names.
const NODES: [&str; 2] = ["kong-1", "kong-2"];

/// The names of those of the other side.
const GREEN_NODES: [&str; 2] = ["green-1", "green-2"];

/// A node's share of the traffic.
const WEIGHT: u16 = 100;

/// A route of the seeded configuration without credentials and counters that is passed on.
const UNLIMITED_PATH: &str = "/catalogue";

/// How a cluster is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The `cutover` binary, which the stand-in's commands and the long-running parts are.
    pub binary: PathBuf,
    /// The version that is installed and runs.
    pub version: Version,
    /// How its database lets clients in.
    pub security: Security,
    /// What stands in front of the nodes.
    pub front: FrontKind,
    /// Whether there is a Redis in which the nodes count what one of the limits limits.
    pub redis: bool,
    /// The version that is installed on the nodes of another side, where there is to be one.
    pub green: Option<Version>,
}

/// Brings a practice cluster up in `directory`, which must be empty or absent.
///
/// When it fails, or `interrupt` comes first, what it started is ended and what it wrote is removed.
pub async fn up(
    directory: &Path,
    options: &Options,
    interrupt: impl Future<Output = ()>,
) -> Result<Practice, PracticeError> {
    // Before this nothing is ours to remove.
    options.front.require()?;
    if options.redis {
        foreign::require(redis::PROGRAM)?;
    }
    let directory = claim(directory)?;
    let brought_up = tokio::select! {
        brought_up = bring_up(&directory, options) => brought_up,
        () = interrupt => Err(PracticeError::Interrupted),
    };
    if brought_up.is_err() {
        // The first error is the one to tell; what could not be taken down stays in the ledger.
        let _ = down(&directory, Remains::Remove).await;
    }
    brought_up
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
    let part = |name| {
        let own = directory.join(name);
        files::make_directory(&own)?;
        Ok::<_, PracticeError>(Part {
            name,
            arguments: vec![own.clone().into()],
            directory: own,
            binary: &options.binary,
        })
    };
    let mut keeper = part("ports")?;
    let green_names: &[&str] = options.green.map_or(&[], |_| &GREEN_NODES);
    let count = ports::needed(node_count(options)).to_string();
    keeper.arguments.insert(0, count.into());
    let kept: Kept = keeper.start(directory, &mut ledger).await?;
    let (for_database, for_front, for_redis, mut for_nodes) = kept.split();
    let roles = roles(options);
    let port = for_database.port();
    let access = database::create(directory, &socket, options.security, port, &roles).await?;

    let mut make = |names: &[&str], version: &Version, owner: &str| {
        let nodes = names.iter().zip(for_nodes.by_ref()).map(|(name, listen)| {
            let node = PracticeNode::create(directory, name, listen, version, &options.binary)?;
            node.configure(&access, listen, owner)?;
            Ok(node)
        });
        nodes.collect::<Result<Vec<_>, PracticeError>>()
    };
    let nodes = make(&NODES, &options.version, database::KONG)?;
    let green = match &options.green {
        Some(version) => make(green_names, version, database::GREEN)?,
        None => Vec::new(),
    };
    nodes[0].kong(&["migrations", "bootstrap"]).await?;
    for node in &nodes {
        node.start().await?;
    }

    let echo: EchoListening = part("echo")?.start(directory, &mut ledger).await?;
    let upstream = format!("http://{}", echo.address);
    let serving = nodes.iter().map(|node| Behind { node, serves: true });
    let waiting = green.iter().map(|node| Behind {
        node,
        serves: false,
    });
    let behind: Vec<Behind> = serving.chain(waiting).collect();
    let (front, url) = match options.front {
        FrontKind::Practice => {
            let own = part("balancer")?;
            start_own(
                own,
                directory,
                &mut ledger,
                &balancer_of(&behind, for_front),
            )
            .await?
        }
        real => {
            let place = Place {
                cluster: directory,
                listen: for_front,
                edges: for_nodes.collect(),
                socket: &socket,
                access: &access,
                binary: &options.binary,
            };
            let front = front::start(real, &place, &mut ledger, &behind, WEIGHT).await?;
            (front, for_front.to_string())
        }
    };

    let redis = options.redis.then_some(for_redis);
    if let Some(listen) = redis {
        redis::start(directory, &mut ledger, listen).await?;
    }
    let seeded = seed::seed(&nodes[0].admin, &upstream, redis).await?;
    // The second node hears of it through the database.
    prove::answers(&nodes, &seeded).await?;
    if let Front::KongUpstream { edges, .. } = &front {
        prove::answers(edges, &seeded).await?;
    }
    let practice = Practice {
        directory: directory.to_owned(),
        environment: directory.join("environment.toml"),
        socket,
        access,
        nodes,
        green,
        url: format!("http://{url}"),
        front,
        redis,
        upstream,
        checks: files::short_checks(&seeded),
        seeded,
        unlimited_path: UNLIMITED_PATH.to_owned(),
    };
    write_down(&practice)?;
    Ok(practice)
}

/// How many nodes there are to be, those in front with them.
fn node_count(options: &Options) -> usize {
    let green = options.green.map_or(0, |_| GREEN_NODES.len());
    let is_kong = options.front == FrontKind::KongUpstream;
    NODES.len() + green + if is_kong { EDGES.len() } else { 0 }
}

/// Those who have a database on the server, now or later.
fn roles(options: &Options) -> Vec<&'static str> {
    let mut roles = vec![database::KONG];
    roles.extend(options.green.map(|_| database::GREEN));
    roles.extend((options.front == FrontKind::KongUpstream).then_some(database::EDGE));
    roles
}

/// Writes what playbooks and later commands find of the cluster.
fn write_down(practice: &Practice) -> Result<(), PracticeError> {
    files::write_private(&practice.environment, &files::environment(practice))?;
    let checks = files::checks_module(&practice.seeded);
    files::write_private(&practice.directory.join("checks.rhai"), &checks)?;
    // Last, since it says that everything before is there.
    files::write_json(&practice.directory.join(RECORD), practice)
}

/// Starts the practice cluster's own load balancer; answers it, and where clients reach it.
async fn start_own(
    mut part: Part<'_>,
    cluster: &Path,
    ledger: &mut Ledger,
    wanted: &balancer::Config,
) -> Result<(Front, String), PracticeError> {
    let config = part.directory.join("balancer.json");
    files::write_json(&config, wanted)?;
    part.arguments = vec![config.into()];
    let listening: balancer::Listening = part.start(cluster, ledger).await?;
    let control = format!("http://{}", listening.control);
    Ok((Front::Practice { control }, listening.traffic))
}

fn balancer_of(nodes: &[Behind<'_>], listen: SocketAddr) -> balancer::Config {
    let nodes = nodes.iter().map(|behind| balancer::Node {
        name: behind.node.name.clone(),
        address: behind.address().to_owned(),
        weight: WEIGHT,
        state: if behind.serves {
            State::Ready
        } else {
            State::Drain
        },
    });
    balancer::Config {
        listen: listen.to_string(),
        control: "127.0.0.1:0".to_owned(),
        nodes: nodes.collect(),
    }
}
