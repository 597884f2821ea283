//! One Kong that has the upstream, by its Admin API: what stands in its database, what its own balancer uses, what it is told.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::target::{Target, TargetError};
use crate::gateway::Failure;
use crate::gateway::live::client::Client;
use crate::gateway::live::secret::Secret;
use crate::gateway::live::web;

/// The most targets in one page; more is answered with 400.
const PAGE: u32 = 1_000;

/// A list with more pages than this does not end.
const MOST_PAGES: usize = 1_000;

/// How long an answer may take. A Kong that takes longer gives no requests to anybody either.
const DEADLINE: Duration = Duration::from_secs(10);

/// A Kong in front of the nodes.
pub(in crate::gateway::live::traffic) struct Edge<'a> {
    pub(super) client: &'a Client,
    /// Base URL of its Admin API.
    pub(super) admin: &'a str,
    pub(super) token: Option<Secret>,
    pub(super) upstream: &'a str,
}

/// What a balancer makes of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Used {
    /// The weight that it uses; none where it has not heard of the target.
    pub(super) weight: Option<u64>,
    /// Whether its health checks let the target have requests.
    pub(super) is_healthy: bool,
}

/// How soon a Kong follows what another one is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// In which it asks the database what changed.
    pub(super) interval: Duration,
    /// In which its other workers follow the one that answers us.
    pub(super) workers: Duration,
}

/// An entry of `/upstreams/{upstream}/health`.
#[derive(Deserialize)]
struct Entry {
    target: String,
    #[serde(default)]
    health: String,
    #[serde(default)]
    data: Value,
}

impl Edge<'_> {
    /// The target `name`, as it stands in the database.
    pub(super) async fn target(&self, name: &str) -> Result<Target, Failure> {
        let upstream = self.upstream;
        // All rows: Kong 2.1 and older wrote one for each change, and the shorter list hides the older ones.
        let targets = self.pages("targets/all").await?;
        Target::of(targets, name).map_err(|error| match error {
            TargetError::Missing { known } => {
                let message = format!("the upstream `{upstream}` has no target `{name}`");
                let hint = if known.is_empty() {
                    "it has no targets at all".to_owned()
                } else {
                    format!(
                        "its targets are {}; `servers` under `[traffic]` says which a node is",
                        known.join(", ")
                    )
                };
                Failure::new("traffic.unknown", message).hint(hint)
            }
            TargetError::Twice => {
                let message =
                    format!("the upstream `{upstream}` has the target `{name}` more than once");
                Failure::new("traffic.unknown", message)
                    .hint("delete all but one of them: which weight counts cannot be told")
            }
        })
    }

    /// Its targets, as Kong writes them.
    pub(in crate::gateway::live::traffic) async fn targets(&self) -> Result<Vec<String>, Failure> {
        let targets: Vec<Target> = self.pages("targets/all").await?;
        Ok(targets.into_iter().map(|target| target.address).collect())
    }

    /// What its own balancer uses.
    pub(super) async fn used(&self, name: &str) -> Result<Used, Failure> {
        let all: Vec<Entry> = self.pages("health").await?;
        let entry = all.into_iter().find(|entry| entry.target == name);
        Ok(entry.map_or(
            Used {
                weight: None,
                is_healthy: false,
            },
            |entry| Used {
                // Beside it stands `weight`, which is the table's and proves nothing.
                weight: entry.data["nodeWeight"].as_u64(),
                is_healthy: matches!(entry.health.as_str(), "HEALTHY" | "HEALTHCHECKS_OFF"),
            },
        ))
    }

    /// Changes a target.
    pub(super) async fn change(&self, target: &Target, change: &Value) -> Result<(), Failure> {
        let path = format!("/upstreams/{}/targets/{}", self.upstream, target.id);
        let answer = self.ask(Method::PATCH, &path, Some(change)).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(self.refused(answer, &path).await)
    }

    /// How soon it follows. Where it does not tell, Kong's presets.
    pub(super) async fn pace(&self) -> Result<Pace, Failure> {
        let answer = self.ask(Method::GET, "/", None).await?;
        let root = if answer.status().is_success() {
            answer
                .json()
                .await
                .map_err(|error| self.unreachable(&error))?
        } else {
            Value::Null
        };
        Ok(Pace::of(&root))
    }

    /// Every entry of a list under the upstream.
    async fn pages<T: for<'de> Deserialize<'de>>(&self, list: &str) -> Result<Vec<T>, Failure> {
        let path = format!("/upstreams/{}/{list}?size={PAGE}", self.upstream);
        let (mut all, mut further) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let answer = self
                .ask(Method::GET, &format!("{path}{further}"), None)
                .await?;
            match answer.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => {
                    let message = format!(
                        "the Kong at `{}` has no upstream `{}`",
                        self.admin, self.upstream
                    );
                    return Err(Failure::new("traffic.unknown", message)
                        .hint("`upstream` under `[traffic]` is its name, and `admin` may lead to a workspace"));
                }
                _ => return Err(self.refused(answer, &path).await),
            }
            let mut page: Value = answer
                .json()
                .await
                .map_err(|error| self.unreachable(&error))?;
            let entries: Vec<T> = serde_json::from_value(page["data"].take()).map_err(|error| {
                let message = format!(
                    "the Kong at `{}` lists `{path}` as Kong does not: {error}",
                    self.admin
                );
                Failure::new("traffic.shape", message)
                    .hint("is `admin` the address of Kong's Admin API?")
            })?;
            all.extend(entries);
            match page["offset"].as_str() {
                Some(offset) if page["next"].is_string() => further = format!("&offset={offset}"),
                _ => break,
            }
        }
        Ok(all)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, Failure> {
        let url = format!("{}{path}", self.admin.trim_end_matches('/'));
        let mut request = self.client.request(method, &url)?.timeout(DEADLINE);
        if let Some(token) = &self.token {
            request = request.header("Kong-Admin-Token", token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let message = format!(
            "the Kong at `{}` does not answer: {}",
            self.admin,
            web::words(error)
        );
        Failure::new("traffic.unreachable", message)
            .hint("`admin` under `[traffic]` is the address of its Admin API; one that is gone for good is taken out there")
    }

    async fn refused(&self, answer: reqwest::Response, path: &str) -> Failure {
        let status = answer.status();
        let told: Value = answer.json().await.unwrap_or_default();
        let told = told["message"].as_str().map(|told| format!(": {told}"));
        let message = format!(
            "the Kong at `{}` answers {} to `{path}`{}",
            self.admin,
            status.as_u16(),
            told.unwrap_or_default()
        );
        let hint = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "`admin_token` under `[traffic]` names where the token for its Admin API is"
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                "a Kong without a database takes its targets from a file alone"
            }
            _ => "its error log says more",
        };
        Failure::new("traffic.refused", message).hint(hint)
    }
}

impl Pace {
    /// By what `GET /` tells.
    fn of(root: &Value) -> Self {
        let setting = |name: &str, preset: f64| {
            let told = root["configuration"][name]
                .as_f64()
                .filter(|told| *told >= 0.0);
            Duration::try_from_secs_f64(told.unwrap_or(preset)).unwrap_or_default()
        };
        // It hears of the change, and where that is set waits for a replica of the database.
        let interval = setting("db_update_frequency", 5.0)
            + setting("db_update_propagation", 0.0)
            + setting("worker_state_update_frequency", 5.0);
        let is_newer = root["version"]
            .as_str()
            .is_some_and(|version| !version.starts_with("2."));
        let workers = root["pids"]["workers"].as_array().map(Vec::len);
        let workers = match (workers, is_newer) {
            (Some(1), _) => Duration::ZERO,
            // Events are pushed to every worker from 3.0 on.
            (_, true) => Duration::from_millis(250),
            // Before that each asked for them every second.
            (_, false) => Duration::from_millis(1_500),
        };
        Self { interval, workers }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pace_is_told_or_preset() {
        let pace = |root: Value| {
            let pace = Pace::of(&root);
            (pace.interval.as_millis(), pace.workers.as_millis())
        };
        assert_eq!(pace(Value::Null), (10_000, 1_500));
        let configuration = json!({"db_update_frequency": 0.2, "db_update_propagation": 3, "worker_state_update_frequency": 1});
        let root = |version: &str, workers: Value| json!({"version": version, "pids": {"workers": workers}, "configuration": configuration});
        assert_eq!(pace(root("2.8.5", json!([1, 2]))), (4_200, 1_500));
        assert_eq!(pace(root("2.8.5", json!([1]))), (4_200, 0));
        assert_eq!(pace(root("3.4.2", json!([1, 2]))), (4_200, 250));
    }
}
