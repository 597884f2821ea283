//! What a node tells of itself: `/`, `/status`, `/status/ready`, `/endpoints`.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::super::Node;
use super::super::store::{EMPTY_HASH, Source};
use super::Told;
use super::refusal::Refusal;

/// `GET /`; `lie` is the version a fault makes it claim. It needs the database, as Kong's does for the plugins in use.
pub(super) async fn root(node: &Node, lie: Option<&str>) -> Told {
    let plugins = node.store().all(node.schema.known("plugins")).await?;
    let mut enabled: Vec<&str> = Vec::new();
    for name in plugins.iter().filter_map(|plugin| plugin["name"].as_str()) {
        if !enabled.contains(&name) {
            enabled.push(name);
        }
    }
    let version = node.version.to_string();
    let tells_priorities = node.version.is_at_least(3, 0);
    let custom = node
        .custom_plugins()
        .map(|(name, priority)| (*name, tells_priorities.then_some(*priority)));
    let available: Map<String, Value> = node
        .facts
        .plugin_priorities
        .iter()
        .map(|(name, priority)| (name.as_str(), *priority))
        .chain(custom)
        .map(|(name, priority)| {
            let told = match priority {
                None => json!(true),
                Some(priority) => json!({"priority": priority, "version": version}),
            };
            (name.to_owned(), told)
        })
        .collect();
    let mut told = json!({
        "tagline": "Welcome to kong",
        "version": lie.unwrap_or(&version),
        "hostname": node.hostname(),
        "node_id": node.id,
        "lua_version": node.facts.lua_version,
        "timers": {"running": 0, "pending": 0},
        "pids": {"master": std::process::id(), "workers": [std::process::id()]},
        "plugins": {"available_on_server": available, "enabled_in_cluster": enabled},
        "configuration": node.facts.configuration(&node.settings),
        "stand_in": true,
    });
    if node.version.is_at_least(3, 6) {
        told["edition"] = json!("community");
    }
    Ok((StatusCode::OK, Some(told)))
}

/// `GET /status`, which answers whether or not the database does.
pub(super) async fn status(node: &Node) -> Told {
    let requests = node.traffic.requests();
    // The request itself; from 3.0 on also the worker, which takes its events over a connection to nginx that is never done.
    let own = if node.version.is_at_least(3, 0) { 2 } else { 1 };
    let connections = own + node.traffic.in_flight();
    let dictionaries: Map<String, Value> = node
        .facts
        .shared_dictionaries
        .iter()
        .map(|(name, capacity)| {
            let told = json!({"capacity": capacity, "allocated_slabs": "0.04 MiB"});
            (name.clone(), told)
        })
        .collect();
    let mut told = json!({
        "memory": {
            "lua_shared_dicts": dictionaries,
            "workers_lua_vms": [{"http_allocated_gc": "0.00 MiB", "pid": std::process::id()}],
        },
        "server": {
            "connections_accepted": requests,
            "connections_active": connections,
            "connections_handled": requests,
            "connections_reading": 0,
            "connections_waiting": 0,
            "connections_writing": connections,
            "total_requests": requests,
        },
    });
    if let Source::Memory(memory) = &node.source {
        told["configuration_hash"] = json!(memory.held().hash);
    }
    // Since 3.x a node without a database tells nothing of one.
    if matches!(node.source, Source::Database(_)) || !node.version.is_at_least(3, 0) {
        told["database"] = json!({ "reachable": node.reaches_database().await });
    }
    Ok((StatusCode::OK, Some(told)))
}

/// `GET /status/ready` on the status listener.
pub(super) async fn ready(node: &Node) -> Told {
    let reason = match &node.source {
        Source::Database(database) => {
            (!database.is_reachable().await).then_some("failed to connect to database")
        }
        Source::Memory(memory) => (memory.held().hash == EMPTY_HASH)
            .then_some("no configuration available (empty configuration present)"),
    };
    match reason {
        None => Ok((StatusCode::OK, Some(json!({ "message": "ready" })))),
        Some(reason) => Err(Refusal::message(StatusCode::SERVICE_UNAVAILABLE, reason)),
    }
}

/// `GET /endpoints`: those the stand-in has, not all of Kong's.
pub(super) fn endpoints(node: &Node) -> Value {
    let mut paths: Vec<String> = [
        "/",
        "/cache",
        "/clustering/data-planes",
        "/clustering/status",
        "/config",
        "/endpoints",
        "/metrics",
        "/schemas/plugins/{name}",
        "/schemas/{name}",
        "/status",
        "/tags",
        "/tags/{tags}",
        "/upstreams/{upstreams}/health",
        "/upstreams/{upstreams}/targets",
        "/upstreams/{upstreams}/targets/all",
        "/upstreams/{upstreams}/targets/{targets}",
    ]
    .map(str::to_owned)
    .to_vec();
    for entity in node.schema.entities() {
        paths.push(format!("/{}", entity.name));
        paths.push(format!("/{}/{{{}}}", entity.name, entity.table));
    }
    paths.sort();
    json!({ "data": paths })
}
