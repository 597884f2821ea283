//! The hosts that an environment file and the entities of a cluster name.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::environment::Environment;
use crate::kong::advisories::{Entity, Known};

/// The hosts that the environment file names, each with the place where it does.
pub(super) fn named_in(environment: &Environment) -> BTreeMap<String, String> {
    let mut hosts = BTreeMap::new();
    let mut add = |host: Option<String>, place: String| {
        // A directory is that of a socket.
        if let Some(host) = host.filter(|host| !host.is_empty() && !host.starts_with('/')) {
            hosts.entry(host).or_insert(place);
        }
    };
    for (name, database) in &environment.databases {
        add(Some(database.host.clone()), format!("databases.{name}"));
    }
    for (name, redis) in &environment.redis {
        add(Some(redis.host.clone()), format!("redis.{name}"));
    }
    for node in environment
        .clusters
        .values()
        .flat_map(|cluster| &cluster.nodes)
    {
        for url in [&node.admin, &node.proxy, &node.status] {
            add(url.as_deref().and_then(host_of), node.name.clone());
        }
    }
    for (name, traffic) in &environment.traffic {
        let urls = [&traffic.url, &traffic.control];
        for url in urls.into_iter().flatten().chain(&traffic.admin) {
            add(host_of(url), format!("traffic.{name}"));
        }
        for socket in &traffic.sockets {
            let host = socket.rsplit_once(':').map(|(host, _)| host.to_owned());
            add(
                host.filter(|host| !host.contains('/')),
                format!("traffic.{name}"),
            );
        }
    }
    hosts
}

fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(host.trim_matches(['[', ']']).to_owned())
}

/// The hosts of services and of targets. A service whose host is an upstream has none of its own.
pub(super) fn named_by(
    entities: &BTreeMap<String, Known<Vec<Entity>>>,
) -> Result<BTreeMap<String, String>, String> {
    let of = |kind: &str| {
        let found = entities
            .get(kind)
            .ok_or_else(|| "nobody looked".to_owned())?;
        found.get()
    };
    let field = |entity: &Entity, name: &str| {
        let value = entity.fields.get(name).and_then(|value| value.as_str());
        value.map(str::to_owned)
    };
    let upstreams: BTreeSet<String> = (of("upstreams")?.iter())
        .filter_map(|upstream| field(upstream, "name"))
        .collect();
    let mut hosts = BTreeMap::new();
    for service in of("services")? {
        let name = field(service, "name").or_else(|| field(service, "id"));
        let host = field(service, "host").filter(|host| !upstreams.contains(host));
        if let (Some(host), Some(name)) = (host, name) {
            hosts.entry(host).or_insert(format!("the service `{name}`"));
        }
    }
    for target in of("targets")? {
        let Some(target) = field(target, "target") else {
            continue;
        };
        if let Some((host, _)) = target.rsplit_once(':') {
            let host = host.trim_matches(['[', ']']).to_owned();
            hosts
                .entry(host)
                .or_insert(format!("the target `{target}`"));
        }
    }
    Ok(hosts)
}
