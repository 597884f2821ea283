//! Asking the world for the facts. What does not answer is unknown, with the reason; nothing here fails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::facts::{Cluster, Database, Facts, Hosts, Node, Reach, Standing, Words};
use super::hosts::{named_by, named_in};
use crate::environment::{self, Environment};
use crate::gateway::{Failure, Gateway, certificates_of};
use crate::kong::Version;
use crate::kong::advisories::{self, Known};

/// A transaction that has been open for this long would keep a dump or a migration waiting that begins now.
const A_WHILE: Duration = Duration::from_secs(5);

/// The codes of failures that say that a database cannot be reached.
const UNREACHED: [&str; 3] = [
    "database.unreachable",
    "database.closed",
    "secret.unavailable",
];

/// Looks at `clusters` of `environment` and all that they need, for an upgrade to `to`.
pub async fn look(
    environment: &Environment,
    clusters: &BTreeSet<String>,
    to: Option<Version>,
    world: &impl Gateway,
) -> Facts {
    let chosen = environment.clusters.iter();
    let chosen: Vec<_> = chosen
        .filter(|(name, _)| clusters.contains(*name))
        .collect();
    let looking = chosen.iter().map(|(name, of)| cluster(world, name, of));
    let clusters = join_all(looking).await;
    let used: BTreeSet<&String> = (chosen.iter())
        .filter_map(|(_, of)| of.database.as_ref())
        .collect();
    let databases = environment.databases.iter();
    let databases = databases
        .filter(|(name, _)| used.contains(name))
        .map(|(name, of)| database(world, environment, name, of));
    Facts {
        words: Words::of(&environment.name)
            .with("storage", environment.storage.path.display().to_string()),
        now: Timestamp::now(),
        to,
        lacking_layers: Known::default(),
        unfinished_runs: Known::default(),
        place: known(world.place_facts().await),
        hosts: resolved(world, named_in(environment)).await,
        databases: join_all(databases).await,
        clusters,
    }
}

fn known<T>(looked: Result<T, Failure>) -> Known<T> {
    looked.map_or_else(|failure| Known::unknown(failure.message), Known::Known)
}

/// The same of what fails with the codes `told`: then the failure is the answer.
fn known_or<T>(
    looked: Result<T, Failure>,
    told: &[&str],
    answer: impl FnOnce(String) -> T,
) -> Known<T> {
    match looked {
        Err(failure) if told.contains(&failure.code.as_str()) => {
            Known::Known(answer(failure.message))
        }
        looked => known(looked),
    }
}

async fn cluster(world: &impl Gateway, name: &str, of: &environment::Cluster) -> Cluster {
    let evidence = world.evidence(name).await.unwrap_or_default();
    let words = Words::of(name).with("cluster", name);
    let looking = of.nodes.iter().map(|one| {
        let told = evidence.nodes.get(&one.name).cloned();
        node(world, of, one, told.unwrap_or_default())
    });
    let unlisted_servers = match &of.traffic {
        None => Known::Known(None),
        Some(_) => known(world.unlisted_servers(name).await.map(Some)),
    };
    Cluster {
        words,
        database: of.database.clone(),
        nodes: join_all(looking).await,
        certificates: certificates_of(evidence.entities.get("certificates")),
        license: evidence.license,
        unlisted_servers,
        hosts: match named_by(&evidence.entities) {
            Ok(hosts) => resolved(world, hosts).await,
            Err(why) => Hosts {
                named: BTreeMap::new(),
                unresolved: Known::unknown(why),
            },
        },
        entities: evidence.entities,
    }
}

async fn node(
    world: &impl Gateway,
    cluster: &environment::Cluster,
    of: &environment::Node,
    told: advisories::Node,
) -> Node {
    let name = of.name.as_str();
    let standing = match &cluster.traffic {
        None => Known::Known(Standing::Alone),
        Some(_) => world.rotation(name).await.map_or_else(
            |failure| {
                if failure.code.starts_with("traffic.") {
                    Known::Known(Standing::Unusable(failure.message))
                } else {
                    Known::unknown(failure.message)
                }
            },
            |rotation| Known::Known(Standing::Gets(rotation)),
        ),
    };
    let other_database = world.prove_database(name).await.map(|()| None);
    let admin = known(world.admin_status(name).await);
    // One that does not answer once would be waited for again and again.
    let (plugins, ahead) = match admin.get() {
        Ok(_) => (
            known(world.available_plugins(name).await),
            known(world.clock_ahead(name).await),
        ),
        Err(why) => (Known::unknown(&*why), Known::unknown(why)),
    };
    Node {
        words: Words::of(name)
            .with("node", name)
            .with("conf", of.conf.display().to_string())
            .with("prefix", of.prefix.display().to_string()),
        runs: known(world.is_running(name).await),
        installed: known(world.installed_version(name).await),
        available: known(world.available_versions(name).await),
        trials: known(world.trial_versions(name).await),
        admin,
        plugins,
        ahead,
        other_database: known_or(other_database, &["kong.wrong_database"], Some),
        strangers: known(world.strange_nodes(name).await),
        migrations: known(world.migration_state(name).await),
        standing,
        host: known(world.host_facts(name).await),
        told,
    }
}

async fn database(
    world: &impl Gateway,
    environment: &Environment,
    name: &str,
    of: &environment::Database,
) -> Database {
    let scratch = world.scratch_place(name).await.map(Some);
    let mut looked = Database {
        words: Words::of(name)
            .with("database", name)
            .with("name", &of.database)
            .with("user", &of.user)
            .with("schema", &of.schema)
            .with("storage", environment.storage.path.display().to_string()),
        server_address: format!("{}:{}", of.host, of.port),
        administered: known(world.administered(name).await),
        scratch: known_or(scratch, &["database.scratch.unknown"], |_| None),
        ..Database::default()
    };
    let unreached = match world.server_facts(name).await {
        Ok(Some(server)) => {
            looked.reach = Known::Known(Reach::Reached);
            looked.server = Known::Known(server);
            looked.sizes = known(world.database_facts(name).await);
            looked.pending = known(world.pending_migrations(name).await);
            looked.sessions = known(world.kong_sessions(name).await);
            looked.denial = known(world.write_denial(name).await);
            looked.transactions = known(world.long_transactions(name, A_WHILE).await);
            return looked;
        }
        Ok(None) => {
            looked.reach = Known::Known(Reach::Absent);
            format!("its server has no database `{}`", of.database)
        }
        Err(failure) => {
            let why = failure.message.clone();
            looked.reach = known_or(Err(failure), &UNREACHED, Reach::Refused);
            why
        }
    };
    // Whatever else is asked of it would only say so again.
    looked.server = Known::unknown(&*unreached);
    looked.sizes = Known::unknown(&*unreached);
    looked.pending = Known::unknown(&*unreached);
    looked.sessions = Known::unknown(&*unreached);
    looked.denial = Known::unknown(&*unreached);
    looked.transactions = Known::unknown(unreached);
    looked
}

async fn resolved(world: &impl Gateway, named: BTreeMap<String, String>) -> Hosts {
    let names = named.keys().cloned().collect();
    Hosts {
        unresolved: known(world.unresolved(&names).await),
        named,
    }
}
