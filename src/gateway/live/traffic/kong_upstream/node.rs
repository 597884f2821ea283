//! What a node tells of the requests that it still answers: Kong in front counts nothing by target.

use std::time::Duration;

use reqwest::{Method, header};
use serde_json::Value;

use crate::gateway::live::kong::rendered;
use crate::gateway::live::{Live, secret};

/// How long it may take to tell. A node that is stopped, or out of our reach, is not waited for.
const DEADLINE: Duration = Duration::from_secs(3);

impl Live {
    /// How many requests a node answers beside the one that asks; `None` where it does not tell.
    pub(super) async fn answering(&self, node: &str) -> Option<u64> {
        let (cluster, found) = self.node(node).await.ok()?;
        let host = self.host(&found).await.ok()?;
        // Its status listener needs no token, and stays open when its Admin API is closed.
        let base = found.status.as_ref().or(found.admin.as_ref())?;
        let base = host.reached(base).await.ok()?;
        let url = format!("{}/status", base.trim_end_matches('/'));
        let mut request = self
            .client
            .request(Method::GET, &url)
            .ok()?
            .timeout(DEADLINE);
        if let (None, Some(reference)) = (&found.status, &cluster.admin_token) {
            let token = secret::resolve(reference).await.ok()?;
            request = request.header("Kong-Admin-Token", token.expose());
        }
        let answer = request.send().await.ok()?;
        let server = answer.headers().get(header::SERVER)?.to_str().ok()?;
        let settings = rendered(&host, &found.prefix).await.unwrap_or_default();
        let polls_events = server.strip_prefix("kong/")?.starts_with("2.")
            || settings
                .get("legacy_worker_events")
                .is_some_and(|set| set == "on");
        let status: Value = answer.json().await.ok()?;
        requests(&status, polls_events)
    }
}

/// The requests in flight by `/status`, without the one that asked for it.
fn requests(status: &Value, polls_events: bool) -> Option<u64> {
    let server = &status["server"];
    let busy = server["connections_writing"].as_u64()? + server["connections_reading"].as_u64()?;
    // From 3.0 on each worker takes its events over a connection to nginx itself, which is one that is being answered for ever.
    let workers = status["memory"]["workers_lua_vms"].as_array();
    let events = if polls_events {
        0
    } else {
        workers.map_or(0, Vec::len) as u64
    };
    Some(busy.saturating_sub(1 + events))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_kongs_own_is_no_request() {
        let status = |writing: u64, reading: u64| {
            json!({
                "server": {"connections_writing": writing, "connections_reading": reading, "connections_waiting": 40},
                "memory": {"workers_lua_vms": [{"pid": 1}, {"pid": 2}]},
            })
        };
        assert_eq!(requests(&status(1, 0), true), Some(0));
        assert_eq!(requests(&status(3, 1), true), Some(3));
        assert_eq!(requests(&status(3, 0), false), Some(0));
        assert_eq!(requests(&status(4, 1), false), Some(2));
        // Its workers are yet to connect.
        assert_eq!(requests(&status(1, 0), false), Some(0));
        assert_eq!(requests(&json!({}), true), None);
    }
}
