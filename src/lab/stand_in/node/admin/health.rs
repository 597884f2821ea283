//! `GET /upstreams/{upstream}/health`: the targets as they stand in the table, each with what the node's balancer makes of it.

use serde_json::{Value, json};

use super::super::Node;
use super::super::proxy::Target;
use super::refusal::Refusal;
use super::{Told, entities};

/// Answers a page of it.
pub(super) async fn told(node: &Node, upstream: &str, query: &str) -> Told {
    let entity = node.schema.known("upstreams");
    let found = node.store().find(entity, upstream).await?;
    let found = found.ok_or_else(Refusal::not_found)?;
    let name = found["name"].as_str().unwrap_or_default();
    let (status, page) = entities::all_targets(node, upstream, query).await?;
    let mut page = page.unwrap_or_default();
    if let Some(next) = page["next"].as_str() {
        page["next"] = json!(next.replace("/targets/all", "/health"));
    }
    page["node_id"] = json!(node.id);
    let upstreams = node.upstreams();
    // A node whose balancer does not know the upstream tells of its targets and nothing else.
    if let (Some(targets), Some(listed)) = (upstreams.targets(name), page["data"].as_array_mut()) {
        for shown in listed {
            let used = targets
                .iter()
                .find(|target| shown["target"] == target.address.as_str());
            shown["health"] = json!(used.map_or("DNS_ERROR", |_| "HEALTHCHECKS_OFF"));
            if let Some(target) = used {
                shown["data"] = used_as(target);
            }
        }
    }
    Ok((status, Some(page)))
}

/// What Kong's balancer tells of a target.
fn used_as(target: &Target) -> Value {
    let weight = target.weight;
    let (host, port) = target.address.rsplit_once(':').unwrap_or_default();
    let port = port.parse::<u16>().unwrap_or_default();
    json!({
        "host": host,
        "port": port,
        "dns": "A",
        "nodeWeight": weight,
        "weight": {"total": weight, "unavailable": 0, "available": weight},
        "addresses": [{"ip": host, "port": port, "weight": weight, "health": "HEALTHCHECKS_OFF"}],
    })
}
