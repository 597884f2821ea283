//! `/clustering/data-planes` and `/clustering/status`: what a control plane has seen of its data planes.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::Node;
use super::super::hybrid;
use super::super::schema::Object;
use super::super::store::StoreError;
use super::Told;
use super::form;
use super::refusal::Refusal;
use crate::lab::stand_in::conf::Role;

/// Kong's page size.
const PAGE: usize = 100;

/// Answers `GET /clustering/data-planes`.
pub(super) async fn page(node: &Node, query: &str) -> Told {
    let asked = |name: &str| {
        form::pairs(query)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    let size = asked("size").and_then(|size| size.parse().ok());
    let size: usize = size.unwrap_or(PAGE);
    let after = asked("offset").unwrap_or_default();
    let id = |row: &Object| row["id"].as_str().unwrap_or_default().to_owned();
    let mut rows = seen(node).await?;
    rows.retain(|row| id(row) > after);
    let mut told = json!({ "next": null });
    if rows.len() > size {
        rows.truncate(size);
        let last = rows.last().map(id).unwrap_or_default();
        told["offset"] = json!(last);
        told["next"] = json!(format!("/clustering/data-planes?offset={last}&size={size}"));
    }
    told["data"] = json!(rows);
    Ok((StatusCode::OK, Some(told)))
}

/// Answers `GET /clustering/status`, which came before and tells less.
pub(super) async fn map(node: &Node) -> Told {
    let rows = seen(node).await?;
    let rows = rows.iter().map(|row| {
        let told = json!({
            "config_hash": row["config_hash"],
            "hostname": row["hostname"],
            "ip": row["ip"],
            "last_seen": row["last_seen"],
        });
        (row["id"].as_str().unwrap_or_default().to_owned(), told)
    });
    Ok((StatusCode::OK, Some(Value::Object(rows.collect()))))
}

async fn seen(node: &Node) -> Result<Vec<Object>, Refusal> {
    match node.tables() {
        Some(database) if node.settings.role == Role::ControlPlane => {
            let seen = hybrid::data_planes(&node.version, database).await;
            seen.map_err(|error| Refusal::from(StoreError::from(error)))
        }
        _ => Err(Refusal::message(
            StatusCode::BAD_REQUEST,
            "this endpoint is only available when Kong is configured to run as Control Plane for the cluster",
        )),
    }
}
