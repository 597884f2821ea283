//! The plugin `rate-limiting`: who is counted, whether a limit is reached, and what the answer's headers say.

use std::sync::Arc;

use hyper::HeaderMap;
use jiff::Timestamp;
use redis::RedisError;
use serde_json::Value;
use uuid::Uuid;

use super::super::Node;
use super::counters::{self, Counter, PERIODS};
use super::credentials::Credential;
use super::plugins::Plugin;
use super::redis::Connected;
use super::waiting::Synced;

/// What is known of a request when its limits are looked at.
pub(super) struct Caller<'a> {
    pub(super) credential: Option<&'a Credential>,
    pub(super) address: String,
    pub(super) headers: &'a HeaderMap,
    pub(super) path: &'a str,
    pub(super) service: Option<&'a str>,
}

/// What the plugin says.
pub(super) enum Verdict {
    /// Go on; the answer carries these headers.
    Pass(Vec<(String, i64)>),
    /// Stop with this status and message.
    Stop(u16, String, Vec<(String, i64)>),
    /// The counters cannot be read, and the plugin does not tolerate it.
    Broken,
}

/// Looks at the limits, and counts the request, once it has passed, behind the answer's back, as Kong does.
pub(super) async fn judge(node: &Arc<Node>, plugin: &Plugin, caller: &Caller<'_>) -> Verdict {
    let config = &plugin.config;
    let tolerant = config["fault_tolerant"] != false;
    if plugin.is_broken {
        return Verdict::Broken;
    }
    let unreachable = || {
        if tolerant {
            Verdict::Pass(Vec::new())
        } else {
            Verdict::Broken
        }
    };
    let store = match config["policy"].as_str() {
        Some("local") => Store::Memory,
        Some("cluster") => Store::Table,
        _ => match node.redis.connected(config).await {
            Ok(connected) => match Synced::of(node, plugin, connected) {
                Ok(synced) => Store::Synced(synced),
                Err(connected) => Store::Redis(connected),
            },
            Err(error) => {
                tracing::warn!("failed to connect to Redis: {error}");
                return unreachable();
            }
        },
    };
    let now = node.now();
    let counters = counters_of(plugin, &identifier(config, caller), now);
    let mut usage = Vec::new();
    for (counter, limit) in &counters {
        match store.read(node, counter).await {
            Ok(count) => usage.push((counter, *limit, *limit - count)),
            Err(Lost) => return unreachable(),
        }
    }
    let stopped = usage.iter().any(|(_, _, remaining)| *remaining <= 0);
    let headers = if config["hide_client_headers"] == true {
        Vec::new()
    } else {
        headers(&usage, stopped, now)
    };
    if stopped {
        let status = config["error_code"].as_u64().unwrap_or(429);
        let message = config["error_message"].as_str();
        return Verdict::Stop(
            u16::try_from(status).unwrap_or(429),
            message.unwrap_or("API rate limit exceeded").to_owned(),
            headers,
        );
    }
    let counters = counters.into_iter().map(|(counter, _)| counter).collect();
    store.count(node, counters).await;
    Verdict::Pass(headers)
}

/// Where a plugin counts, by its policy.
enum Store {
    /// `local`: this process.
    Memory,
    /// `cluster`: a table of Kong's database.
    Table,
    /// `redis`, asked for every request.
    Redis(Connected),
    /// `redis` with a `sync_rate`.
    Synced(Synced),
}

/// A counter that cannot be read.
struct Lost;

impl Store {
    /// What was counted before this request.
    async fn read(&self, node: &Node, counter: &Counter) -> Result<i64, Lost> {
        match self {
            Self::Memory => Ok(node.counters.read(counter)),
            // Without tables no configuration gets here: the policy is refused.
            Self::Table => match node.tables() {
                Some(database) => counters::read_row(database, counter)
                    .await
                    .map_err(|_| Lost),
                None => Err(Lost),
            },
            Self::Redis(redis) => {
                let read = if counts_as_it_reads(node) {
                    redis.count_and_read(counter).await
                } else {
                    redis.read(counter).await
                };
                read.map_err(|error| unanswered(&error))
            }
            Self::Synced(synced) => synced
                .read(node, counter)
                .await
                .map_err(|error| unanswered(&error)),
        }
    }

    /// Counts a request that passes, where it was not counted when the counters were read.
    async fn count(self, node: &Arc<Node>, counters: Vec<Counter>) {
        let counting = Arc::clone(node);
        match self {
            Self::Memory => counters
                .into_iter()
                .for_each(|counter| node.counters.increment(counter)),
            Self::Table => {
                node.in_background(async move {
                    let Some(database) = counting.tables() else {
                        return;
                    };
                    for counter in counters {
                        let counted = counters::increment_row(database, &counter).await;
                        if let Err(error) = counted {
                            tracing::warn!("an increment is lost: {error}");
                        }
                    }
                })
                .await;
            }
            Self::Redis(_) if counts_as_it_reads(node) => {}
            Self::Synced(synced) => synced.count(node, counters),
            Self::Redis(redis) => {
                node.in_background(async move {
                    for counter in counters {
                        if let Err(error) = redis.count(&counter).await {
                            tracing::warn!("an increment is lost: {error}");
                        }
                    }
                })
                .await;
            }
        }
    }
}

fn unanswered(error: &RedisError) -> Lost {
    tracing::warn!("Redis does not answer: {error}");
    Lost
}

/// Whether this version adds to a counter in Redis before the verdict, so that requests count which are refused.
fn counts_as_it_reads(node: &Node) -> bool {
    node.version.is_at_least(3, 0)
}

/// The counters of all periods that have a limit, with the limits.
fn counters_of(plugin: &Plugin, identifier: &str, now: Timestamp) -> Vec<(Counter, i64)> {
    let id = |text: &Option<String>| {
        let id = text.as_ref().and_then(|text| text.parse().ok());
        id.unwrap_or(Uuid::nil())
    };
    PERIODS
        .iter()
        .filter_map(|(period, lifetime)| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a limit is a count, far below 2^53"
            )]
            let limit = plugin.config[*period].as_f64()? as i64;
            let counter = Counter {
                identifier: identifier.to_owned(),
                period,
                date: counters::window(period, now),
                lifetime: *lifetime,
                service: id(&plugin.service),
                route: id(&plugin.route),
            };
            Some((counter, limit))
        })
        .collect()
}

/// Whom a request counts for; the address where there is nothing better.
fn identifier(config: &Value, caller: &Caller<'_>) -> String {
    let found = match config["limit_by"].as_str() {
        Some("consumer") => caller
            .credential
            .map(|credential| credential.consumer.clone()),
        Some("credential") => caller
            .credential
            .and_then(|credential| credential.id.clone()),
        Some("service") => caller.service.map(str::to_owned),
        Some("header") => config["header_name"]
            .as_str()
            .and_then(|name| caller.headers.get(name)?.to_str().ok())
            .map(str::to_owned),
        Some("path") => {
            (config["path"].as_str() == Some(caller.path)).then(|| caller.path.to_owned())
        }
        _ => None,
    };
    found.unwrap_or_else(|| caller.address.clone())
}

fn headers(usage: &[(&Counter, i64, i64)], stopped: bool, now: Timestamp) -> Vec<(String, i64)> {
    let mut headers = Vec::new();
    let mut least: Option<(i64, i64, i64)> = None;
    for (counter, limit, remaining) in usage {
        let left = remaining - i64::from(!stopped || *remaining <= 0);
        let left = left.max(0);
        let mut period = counter.period.to_owned();
        period[..1].make_ascii_uppercase();
        headers.push((format!("X-RateLimit-Limit-{period}"), *limit));
        headers.push((format!("X-RateLimit-Remaining-{period}"), left));
        let elapsed = now.as_second() - counter.date.as_second();
        let reset = (counter.lifetime - elapsed).max(1);
        // The periods come in the order of their lengths, and of two that leave the same the longer one is told.
        if least.is_none_or(|(_, least_left, _)| left <= least_left) {
            least = Some((*limit, left, reset));
        }
    }
    if let Some((limit, left, reset)) = least {
        headers.push(("RateLimit-Limit".to_owned(), limit));
        headers.push(("RateLimit-Remaining".to_owned(), left));
        headers.push(("RateLimit-Reset".to_owned(), reset));
        if stopped {
            headers.push(("Retry-After".to_owned(), reset));
        }
    }
    headers
}
