//! Looking at a real world for a plan to begin with: reads alone.

use std::collections::{BTreeMap, BTreeSet};

use super::world::FORMAT;
use super::{Database, Declared, Node, World};
use crate::environment::{self, Cluster, DatabaseKind, Environment};
use crate::gateway::{
    AdminAccess, CopyFound, Failure, Gateway, KongSessions, NO_CONFIGURATION, Rotation, SyncRates,
    WriteDenial,
};
use crate::kong::Version;
use crate::kong::migrations::MigrationState;
use crate::kong::schema::Schema;

/// What could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("cannot observe {what}: {failure}")]
pub struct ObserveError {
    /// What it is.
    pub what: String,
    /// Why not.
    pub failure: Failure,
}

/// A transaction this old is told of.
const LONG: std::time::Duration = std::time::Duration::from_mins(1);

/// Plugins that playbooks put on services and that come with Enterprise alone.
const SELDOM: [&str; 1] = ["canary"];

/// Looks at everything in `environment` that a plan can depend on.
pub async fn observe(
    environment: &Environment,
    world: &impl Gateway,
) -> Result<World, ObserveError> {
    let mut seen = World {
        format: FORMAT,
        environment: environment.name.clone(),
        observed_at: world.now(),
        nodes: BTreeMap::new(),
        databases: BTreeMap::new(),
        unlisted: BTreeMap::new(),
        practice_files: BTreeMap::new(),
    };
    for (of, cluster) in &environment.clusters {
        let unlisted = world.unlisted_servers(of).await;
        let unlisted = unlisted.map_err(failed("the load balancer of", of))?;
        if !unlisted.is_empty() {
            seen.unlisted.insert(of.clone(), unlisted);
        }
        let old =
            (cluster.database.as_ref()).filter(|name| environment.cassandra.contains_key(*name));
        let absent = match &cluster.database {
            Some(_) if old.is_some() => false,
            Some(name) => {
                let found = world.copy_found(name).await;
                found.map_err(failed("the database", name))? == CopyFound::Absent
            }
            None => false,
        };
        for node in &cluster.nodes {
            let observed = if cluster.reads_database(node) {
                observe_node(cluster, node, absent, world).await
            } else {
                observe_declared(cluster, node, world).await
            };
            let mut observed = observed.map_err(failed("the node", &node.name))?;
            for name in environment.change_sets.keys() {
                // One that is yet to be recorded, or is for other nodes, is told when a step asks for it.
                if let Ok(adaptation) = world.adaptation(&node.name, name).await {
                    observed.adaptations.insert(name.clone(), adaptation);
                }
            }
            seen.nodes.insert(node.name.clone(), observed);
        }
        share_kind(cluster, &mut seen);
        if let Some(name) = old {
            let database = observe_cassandra(cluster, name, world).await;
            let database = database.map_err(failed("the database", name))?;
            seen.databases.insert(name.clone(), database);
            continue;
        }
        let Some(name) = &cluster.database else {
            continue;
        };
        let scratch = environment
            .databases
            .get(name)
            .and_then(|database| database.scratch.clone());
        if absent {
            seen.databases.insert(name.clone(), yet_to_be_made(scratch));
            continue;
        }
        let database = observe_database(cluster, name, scratch, world).await;
        let database = database.map_err(failed("the database", name))?;
        seen.databases.insert(name.clone(), database);
    }
    Ok(seen)
}

/// Looks at the hosts of the nodes as well: for playbooks that ask what there is to know of them, since it takes long.
pub async fn observe_hosts(seen: &mut World, world: &impl Gateway) -> Result<(), ObserveError> {
    for (name, node) in &mut seen.nodes {
        let facts = Box::pin(world.node_facts(name)).await;
        node.facts = Some(Box::new(facts.map_err(failed("the node", name))?));
    }
    Ok(())
}

/// What a node is only its Admin API says; one that does not run is what the others of its cluster are.
fn share_kind(cluster: &Cluster, seen: &mut World) {
    let names = || cluster.nodes.iter().map(|node| &node.name);
    let nodes = || names().filter_map(|name| seen.nodes.get(name));
    let stand_in = nodes().any(|node| node.stand_in);
    let plugins: BTreeSet<String> = nodes().flat_map(|node| node.plugins.clone()).collect();
    for name in names() {
        if let Some(node) = seen
            .nodes
            .get_mut(name)
            .filter(|node| node.running.is_none())
        {
            node.stand_in = stand_in;
            node.plugins.clone_from(&plugins);
        }
    }
}

async fn observe_node(
    cluster: &Cluster,
    node: &environment::Node,
    database_is_absent: bool,
    world: &impl Gateway,
) -> Result<Node, Failure> {
    let name = node.name.as_str();
    let installed = world.installed_version(name).await?;
    let status = if world.is_running(name).await? {
        Some(world.admin_status(name).await?)
    } else {
        None
    };
    let database = match world.prove_database(name).await {
        // Where a node leads that leads to nothing yet cannot be proven before it is made.
        Err(_) if database_is_absent => cluster.database.clone(),
        Ok(()) => cluster.database.clone(),
        Err(failure) if failure.code == "kong.wrong_database" => None,
        Err(failure) => return Err(failure),
    };
    let rotation = rotation_of(cluster, node, world).await?;
    let available = world.available_versions(name).await?;
    Ok(Node {
        proxy: proxy_of(node, world).await?,
        role: node.role,
        declared: None,
        cluster_database: cluster.database.clone(),
        database,
        trials: trials_of(name, &available, world).await?,
        available,
        kept: world.kept_versions(name).await?.into_iter().collect(),
        installed,
        running: status.as_ref().map(|status| status.version),
        rotation,
        admin: world.admin_access(name).await?,
        files: world.file_digests(name).await?,
        refuses_configuration: BTreeMap::new(),
        stand_in: status.as_ref().is_some_and(|status| status.stand_in),
        plugins: match status {
            Some(_) => seldom_plugins(name, world).await?,
            None => BTreeSet::new(),
        },
        templates: templates_of(node, installed),
        hindrances: world.hindrances(name).await?,
        strange: world.strange_nodes(name).await?,
        adaptations: BTreeMap::new(),
        facts: None,
    })
}

/// A node without a database: what is asked of the others' database is not asked of it.
async fn observe_declared(
    cluster: &Cluster,
    node: &environment::Node,
    world: &impl Gateway,
) -> Result<Node, Failure> {
    let name = node.name.as_str();
    let status = if world.is_running(name).await? {
        Some(world.admin_status(name).await?)
    } else {
        None
    };
    let hash = status
        .as_ref()
        .and_then(|status| status.configuration_hash.clone());
    let running = status.as_ref().map(|status| status.version);
    // Before 3.0 the hash of a node that reads a file tells nothing of that.
    let is_told =
        node.declarative.is_none() || running.is_some_and(|version| version.is_at_least(3, 0));
    let entities = match &status {
        Some(_) if node.admin.is_some() => world.entities(name).await?,
        _ => BTreeMap::new(),
    };
    let rotation = rotation_of(cluster, node, world).await?;
    let installed = world.installed_version(name).await?;
    let available = world.available_versions(name).await?;
    Ok(Node {
        proxy: proxy_of(node, world).await?,
        role: node.role,
        declared: Some(Declared {
            hash: hash.filter(|hash| hash != NO_CONFIGURATION || !is_told),
            sent_to: running,
            from_file: node.declarative.is_some(),
            refused_by: BTreeMap::new(),
            entities,
        }),
        cluster_database: cluster.database.clone(),
        database: None,
        trials: trials_of(name, &available, world).await?,
        available,
        kept: world.kept_versions(name).await?.into_iter().collect(),
        installed,
        running,
        rotation,
        admin: AdminAccess::default(),
        files: world.file_digests(name).await?,
        refuses_configuration: BTreeMap::new(),
        stand_in: status.as_ref().is_some_and(|status| status.stand_in),
        plugins: BTreeSet::new(),
        templates: templates_of(node, installed),
        hindrances: world.hindrances(name).await?,
        strange: Vec::new(),
        adaptations: BTreeMap::new(),
        facts: None,
    })
}

/// What can be tried for a node, where that is not what could be installed on it.
async fn trials_of(
    name: &str,
    available: &[Version],
    world: &impl Gateway,
) -> Result<Option<Vec<Version>>, Failure> {
    let trials = world.trial_versions(name).await?;
    Ok((trials != available).then_some(trials))
}

/// The templates that a node declares one by one. They are taken to have been made out of the release that is installed.
fn templates_of(node: &environment::Node, installed: Version) -> BTreeMap<String, Version> {
    let names = node.files.keys();
    let templates = names.filter(|name| name.starts_with("template:"));
    templates.map(|name| (name.clone(), installed)).collect()
}

async fn rotation_of(
    cluster: &Cluster,
    node: &environment::Node,
    world: &impl Gateway,
) -> Result<Option<Rotation>, Failure> {
    match (&cluster.traffic, &node.proxy) {
        (Some(_), Some(_)) => world.rotation(&node.name).await.map(Some),
        _ => Ok(None),
    }
}

async fn proxy_of(
    node: &environment::Node,
    world: &impl Gateway,
) -> Result<Option<String>, Failure> {
    match node.proxy {
        Some(_) => world.proxy_url(&node.name).await.map(Some),
        None => Ok(None),
    }
}

/// Which of the plugins a node has that not every Kong of its version has. One whose Admin API is closed does not tell.
async fn seldom_plugins(name: &str, world: &impl Gateway) -> Result<BTreeSet<String>, Failure> {
    match world.available_plugins(name).await {
        Ok(mut plugins) => {
            plugins.retain(|plugin| SELDOM.contains(&plugin.as_str()));
            Ok(plugins)
        }
        Err(failure) if failure.code == "kong.admin.closed" => Ok(BTreeSet::new()),
        Err(failure) => Err(failure),
    }
}

/// A database of the environment that its server does not have.
fn yet_to_be_made(scratch: Option<String>) -> Database {
    Database {
        server_version: String::new(),
        bytes: 0,
        free_bytes: 0,
        sessions: 0,
        scratch,
        swap_obstacles: Vec::new(),
        schema: Schema::default(),
        entities: BTreeMap::new(),
        plugins: BTreeMap::new(),
        writes: 0,
        migration_lock: false,
        absent: true,
        copy_taken_at: None,
        kind: DatabaseKind::Postgres,
        sync_rates: SyncRates::default(),
        fenced: false,
        down: false,
        long_transactions: Vec::new(),
        kong_sessions: KongSessions::default(),
        write_denial: WriteDenial::default(),
    }
}

/// A Cassandra: its facts, and what its nodes list of its entities. What is not asked of one is as in a database where nobody is at work.
async fn observe_cassandra(
    cluster: &Cluster,
    name: &str,
    world: &impl Gateway,
) -> Result<Database, Failure> {
    let facts = world.database_facts(name).await?;
    let mut entities = BTreeMap::new();
    for node in &cluster.nodes {
        if cluster.reads_database(node) && world.is_running(&node.name).await? {
            entities = world.entities(&node.name).await?;
            break;
        }
    }
    Ok(Database {
        server_version: facts.server_version,
        bytes: facts.bytes,
        free_bytes: facts.free_bytes,
        sessions: facts.sessions,
        swap_obstacles: facts.swap_obstacles,
        entities,
        absent: false,
        kind: DatabaseKind::Cassandra,
        ..yet_to_be_made(None)
    })
}

async fn observe_database(
    cluster: &Cluster,
    name: &str,
    scratch: Option<String>,
    world: &impl Gateway,
) -> Result<Database, Failure> {
    let facts = world.database_facts(name).await?;
    let (mut schema, mut entities) = (Schema::default(), BTreeMap::new());
    // What a version left pending is there also where no node has that version any more.
    schema.take_in(&MigrationState {
        pending: world.pending_migrations(name).await?,
        ..MigrationState::default()
    });
    // Each node's `kong` sees the migrations that it knows; together they see all that any of them could act upon.
    let nodes = cluster.nodes.iter();
    for node in nodes.filter(|node| cluster.reads_database(node)) {
        let state = world.migration_state(&node.name).await?;
        schema.take_in(&state);
        if entities.is_empty() && world.is_running(&node.name).await? {
            entities = world.entities(&node.name).await?;
        }
    }
    Ok(Database {
        server_version: facts.server_version,
        bytes: facts.bytes,
        free_bytes: facts.free_bytes,
        sessions: facts.sessions,
        scratch,
        swap_obstacles: facts.swap_obstacles,
        schema,
        entities,
        plugins: BTreeMap::new(),
        writes: 0,
        migration_lock: world.migration_lock(name).await?,
        absent: false,
        copy_taken_at: world.copy_taken_at(name).await?,
        kind: DatabaseKind::Postgres,
        sync_rates: world.sync_rates(name).await?,
        fenced: false,
        down: false,
        long_transactions: world.long_transactions(name, LONG).await?,
        kong_sessions: world.kong_sessions(name).await?,
        write_denial: world.write_denial(name).await?,
    })
}

fn failed(kind: &str, name: &str) -> impl Fn(Failure) -> ObserveError {
    let what = format!("{kind} `{name}`");
    move |failure| ObserveError {
        what: what.clone(),
        failure,
    }
}
