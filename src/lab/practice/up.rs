//! Bringing a practice cluster up, step by step, and taking back what was started when a step fails.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::super::balancer::{self, State};
use super::super::{postgres, seed};
use super::front::{self, Behind, EDGES, Front, FrontKind, Place};
use super::ledger::Ledger;
use super::nodes::Addresses;
use super::parts::{EchoListening, Part};
use super::planes::{Certificate, Storage};
use super::ports::{self, Kept};
use super::{
    Access, Practice, PracticeError, PracticeNode, RECORD, Remains, Role, Security, Topology,
    database, down, files, foreign, prove, redis,
};
use crate::kong::Version;

/// The names of the nodes of the other side.
const GREEN_NODES: [(&str, Role); 2] = [
    ("green-1", Role::Traditional),
    ("green-2", Role::Traditional),
];

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
    /// What its nodes are to each other.
    pub topology: Topology,
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
    options.topology.require(options)?;
    options.front.require()?;
    if options.redis {
        foreign::require(redis::PROGRAM)?;
    }
    let directory = claim(directory, options.topology)?;
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
fn claim(directory: &Path, topology: Topology) -> Result<PathBuf, PracticeError> {
    // Told before anything is made.
    if topology != Topology::Dbless {
        postgres::binaries()?;
    }
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
    let count = ports::needed(node_count(options)).to_string();
    keeper.arguments.insert(0, count.into());
    let kept: Kept = keeper.start(directory, &mut ledger).await?;
    let (for_database, for_front, for_redis, mut for_nodes) = kept.split();
    let echo: EchoListening = part("echo")?.start(directory, &mut ledger).await?;
    let upstream = format!("http://{}", echo.address);
    let access = make_database(directory, options, &socket, for_database.port()).await?;
    let redis = options.redis.then_some(for_redis);
    let (file, from_file) = seed::declarative(&options.version, &upstream, redis);

    let mut make = |names: &[(&str, Role)], version: &Version| {
        let nodes = names.iter().zip(for_nodes.by_ref()).map(|(named, listen)| {
            let node = PracticeNode::create(directory, *named, listen, version, &options.binary)?;
            Ok((node, listen))
        });
        nodes.collect::<Result<Vec<_>, PracticeError>>()
    };
    let made = make(options.topology.nodes(), &options.version)?;
    let nodes = match options.topology {
        Topology::Traditional => on_one_database(made, &access, database::KONG)?,
        Topology::Hybrid => in_planes(made, &access, &Certificate::create(directory)?)?,
        Topology::Dbless => with_files(made, &file)?,
    };
    let green = match &options.green {
        Some(version) => on_one_database(make(&GREEN_NODES, version)?, &access, database::GREEN)?,
        None => Vec::new(),
    };
    start_all(options.topology, &nodes).await?;

    let serving = nodes.iter().filter(|node| node.serves());
    let serving = serving.map(|node| Behind { node, serves: true });
    let waiting = green.iter().map(|node| Behind {
        node,
        serves: false,
    });
    let behind: Vec<Behind> = serving.chain(waiting).collect();
    let place = Place {
        cluster: directory,
        listen: for_front,
        edges: for_nodes.collect(),
        socket: &socket,
        access: &access,
        binary: &options.binary,
    };
    let (front, url) = match options.front {
        FrontKind::Practice => {
            let wanted = balancer_of(&behind, for_front);
            start_own(part("balancer")?, directory, &mut ledger, &wanted).await?
        }
        real => {
            let front = front::start(real, &place, &mut ledger, &behind, WEIGHT).await?;
            (front, for_front.to_string())
        }
    };

    if let Some(listen) = redis {
        redis::start(directory, &mut ledger, listen).await?;
    }
    let seeded = match options.topology {
        Topology::Dbless => from_file,
        Topology::Traditional | Topology::Hybrid => {
            seed::seed(&nodes[0].admin, &upstream, redis).await?
        }
    };
    // Other nodes hear of it through the database, and data planes from their control planes.
    prove::answers(&nodes, &seeded).await?;
    if let Front::KongUpstream { edges, .. } = &front {
        prove::answers(edges, &seeded).await?;
    }
    let practice = Practice {
        directory: directory.to_owned(),
        environment: directory.join("environment.toml"),
        topology: options.topology,
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
    options.topology.nodes().len() + green + if is_kong { EDGES.len() } else { 0 }
}

/// Those who have a database on the server, now or later.
fn roles(options: &Options) -> Vec<&'static str> {
    let mut roles = vec![database::KONG];
    roles.extend(options.green.map(|_| database::GREEN));
    roles.extend((options.front == FrontKind::KongUpstream).then_some(database::EDGE));
    roles
}

/// Makes the databases that the topology has, of those who have one now or later.
async fn make_database(
    directory: &Path,
    options: &Options,
    socket: &Path,
    port: u16,
) -> Result<Access, PracticeError> {
    if options.topology == Topology::Dbless {
        return Ok(Access::plain(socket));
    }
    let roles = roles(options);
    database::create(directory, socket, options.security, port, &roles).await
}

/// Starts the nodes, on a database that is made ready where they have one.
async fn start_all(topology: Topology, nodes: &[PracticeNode]) -> Result<(), PracticeError> {
    if topology != Topology::Dbless {
        nodes[0].kong(&["migrations", "bootstrap"]).await?;
    }
    for node in nodes {
        node.start().await?;
    }
    Ok(())
}

/// Nodes that were made, with their ports.
type Made = Vec<(PracticeNode, Addresses)>;

/// Nodes that share the database of the role `owner`.
fn on_one_database(
    made: Made,
    access: &Access,
    owner: &str,
) -> Result<Vec<PracticeNode>, PracticeError> {
    let configured = made.into_iter().map(|(node, listen)| {
        node.configure(listen, Storage::Database(access, owner))?;
        Ok(node)
    });
    configured.collect()
}

/// Control planes that share a database, and data planes, each of which follows one of them in turn.
fn in_planes(
    made: Made,
    access: &Access,
    certificate: &Certificate,
) -> Result<Vec<PracticeNode>, PracticeError> {
    let (control, data): (Made, Made) = made.into_iter().partition(|(node, _)| !node.serves());
    // A control plane has no proxy, so that its port is for its data planes.
    let addresses: Vec<SocketAddr> = control.iter().map(|(_, listen)| listen.proxy).collect();
    for (node, listen) in &control {
        let storage = Storage::Shared(access, database::KONG, certificate, listen.proxy);
        node.configure(*listen, storage)?;
    }
    for ((node, listen), address) in data.iter().zip(addresses.iter().cycle()) {
        node.configure(*listen, Storage::ControlPlane(certificate, *address))?;
    }
    let all = control.into_iter().chain(data);
    Ok(all.map(|(node, _)| node).collect())
}

/// Nodes without a database, each with a file of its own.
fn with_files(made: Made, text: &str) -> Result<Vec<PracticeNode>, PracticeError> {
    let configured = made.into_iter().map(|(mut node, listen)| {
        let file = node.conf.with_file_name("kong.yml");
        files::write_private(&file, text)?;
        node.configure(listen, Storage::File(&file))?;
        node.declarative = Some(file);
        Ok(node)
    });
    configured.collect()
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
