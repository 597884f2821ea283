//! The echo upstream: what stands behind the gateway in the practice cluster.
//!
//! It answers every request with JSON saying what arrived, so that a test sees what the proxy made of it.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::http::{self, Answer, Asked};

/// The longest answer time that a request may ask for.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// Answers `{method, path, query, headers, body}` until `stop`; `?sleep_ms=N` delays the answer, `?status=N` sets its status.
pub async fn serve(listener: TcpListener, stop: watch::Receiver<bool>) {
    http::serve(listener, stop, echo).await;
}

async fn echo(request: Asked) -> Answer {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default();
    if let Some(milliseconds) = parameter(query, "sleep_ms") {
        tokio::time::sleep(Duration::from_millis(milliseconds).min(LONGEST_SLEEP)).await;
    }
    let status = parameter(query, "status")
        .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok())
        .unwrap_or(StatusCode::OK);
    let headers: BTreeMap<&str, String> = head
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let body = http::body(body).await.unwrap_or_default();
    http::json(
        status,
        &json!({
            "method": head.method.as_str(),
            "path": head.uri.path(),
            "query": query,
            "headers": headers,
            "body": String::from_utf8_lossy(&body),
        }),
    )
}

fn parameter(query: &str, name: &str) -> Option<u64> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_arrives_is_told() {
        let (listener, address) = http::bind("127.0.0.1:0").await.expect("bound");
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(serve(listener, stopped));
        let uri = format!("http://{address}/a/b?status=201&sleep_ms=1")
            .parse()
            .expect("an address");
        let answer = http::client().get(uri).await.expect("answered");
        assert_eq!(answer.status(), StatusCode::CREATED);
        let body = http::body(answer.into_body()).await.expect("a body");
        let told: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(told["path"], "/a/b");
        assert_eq!(told["method"], "GET");
        stop.send(true).expect("listening");
        server.await.expect("ended");
    }
}
