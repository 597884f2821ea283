//! Which rate limits a gateway's plugins set, and where they count.
//!
//! Sources: the schemas of `rate-limiting`, `response-ratelimiting` and `rate-limiting-advanced`, and the columns of their tables.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The plugins that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// `rate-limiting`.
    RateLimiting,
    /// `response-ratelimiting`.
    ResponseRatelimiting,
    /// `rate-limiting-advanced`.
    RateLimitingAdvanced,
}

impl Plugin {
    const ALL: [Self; 3] = [
        Self::RateLimiting,
        Self::ResponseRatelimiting,
        Self::RateLimitingAdvanced,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::RateLimiting => "rate-limiting",
            Self::ResponseRatelimiting => "response-ratelimiting",
            Self::RateLimitingAdvanced => "rate-limiting-advanced",
        }
    }

    /// The table of its policy `cluster`.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::RateLimiting => "ratelimiting_metrics",
            Self::ResponseRatelimiting => "response_ratelimiting_metrics",
            Self::RateLimitingAdvanced => "rl_counters",
        }
    }
}

/// The periods of the first two.
const PERIODS: [&str; 6] = ["second", "minute", "hour", "day", "month", "year"];

/// What stands for no service and no route in a counter's key.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A limit, by what a counter's row says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The table.
    pub table: &'static str,
    /// The service's id, zeros where the plugin has none; of `rl_counters` the namespace.
    pub scope: String,
    /// The route's id, zeros where the plugin has none; of `rl_counters` empty.
    pub route: String,
    /// The period's column, or a window's size as in `60 s`.
    pub period: String,
    /// The consumer whose limit it is, where the plugin is for one.
    pub consumer: Option<String>,
    /// How many may pass in a window.
    pub limit: i64,
}

/// A plugin whose counters are in no table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfReach {
    /// The plugin.
    pub plugin: String,
    /// Its policy.
    pub policy: String,
    /// Why its counters cannot be carried, and what that means.
    pub why: String,
    /// How many plugins are so.
    pub plugins: u64,
}

/// How plugins push what they count in nodes' memory.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SyncRates {
    /// How many of them there are.
    pub plugins: u64,
    /// How many milliseconds the slowest of them lets pass in between: its `sync_rate`.
    pub longest: u64,
}

impl SyncRates {
    /// Whether there are none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// How the enabled `plugins` push what they count in nodes' memory, each a row of the table `plugins` as an object.
#[must_use]
pub fn sync_rates(plugins: &[Value]) -> SyncRates {
    let counting = plugins
        .iter()
        .filter(|row| is_enabled(row) && plugin_of(row).is_some());
    let rates = counting.filter_map(|row| row["config"]["sync_rate"].as_f64());
    rates
        .filter(|seconds| *seconds > 0.0)
        .fold(SyncRates::default(), |all, seconds| SyncRates {
            plugins: all.plugins + 1,
            longest: all.longest.max(milliseconds(seconds)),
        })
}

/// Rounded up, so that nothing is waited for too briefly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "above 0, and what does not fit is the most there is"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).ceil() as u64
}

/// The names of the plugins that count.
#[must_use]
pub fn plugins() -> Vec<&'static str> {
    Plugin::ALL.map(Plugin::name).to_vec()
}

/// The limits that enabled `plugins` set whose counters are where `policy` says, each a row of the table `plugins` as an object.
#[must_use]
pub fn limits(plugins: &[Value], policy: &str) -> Vec<Limit> {
    let counted_there = plugins.iter().filter(|row| self::policy(row) == policy);
    counted_there.flat_map(limits_of).collect()
}

/// The enabled `plugins` that count in Redis, each with what the `copy` of their database has of it by now.
pub fn in_redis<'a>(
    plugins: &'a [Value],
    copy: &'a [Value],
) -> impl Iterator<Item = (&'a Value, Option<&'a Value>)> {
    let counting = plugins
        .iter()
        .filter(|row| is_enabled(row) && plugin_of(row).is_some() && policy(row) == "redis");
    counting.map(|row| (row, copy.iter().find(|other| other["id"] == row["id"])))
}

/// The enabled `plugins` whose counters are in no table. `of_redis` says of one that counts in Redis why they are not carried; nothing
/// where they are.
#[must_use]
pub fn out_of_reach(
    plugins: &[Value],
    of_redis: impl Fn(&Value) -> Option<&'static str>,
) -> Vec<OutOfReach> {
    let mut found: Vec<OutOfReach> = Vec::new();
    for row in plugins.iter().filter(|row| is_enabled(row)) {
        let Some(plugin) = plugin_of(row) else {
            continue;
        };
        let policy = policy(row);
        let why = match policy.as_str() {
            "cluster" => None,
            "redis" => of_redis(row),
            _ => Some(
                "its counters are in each node's memory: up to its whole limit may pass again, and once more for every node",
            ),
        };
        let Some(why) = why else { continue };
        match found.iter_mut().find(|known| {
            known.plugin == plugin.name() && known.policy == policy && known.why == why
        }) {
            Some(known) => known.plugins += 1,
            None => found.push(OutOfReach {
                plugin: plugin.name().to_owned(),
                policy,
                why: why.to_owned(),
                plugins: 1,
            }),
        }
    }
    found.sort();
    found
}

fn is_enabled(row: &Value) -> bool {
    row["enabled"] != false
}

/// The plugin of a row, if it is one that counts.
pub(super) fn plugin_of(row: &Value) -> Option<Plugin> {
    let name = row["name"].as_str()?;
    Plugin::ALL.into_iter().find(|plugin| plugin.name() == name)
}

/// What a plugin is for by a column of its row; zeros where it is for everything.
pub(super) fn id(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or(NOBODY).to_owned()
}

/// The advanced plugin calls it `strategy`.
fn policy(row: &Value) -> String {
    let config = &row["config"];
    let named = config["policy"].as_str().or(config["strategy"].as_str());
    named.unwrap_or("local").to_owned()
}

fn limits_of(row: &Value) -> Vec<Limit> {
    let Some(plugin) = plugin_of(row).filter(|_| is_enabled(row)) else {
        return Vec::new();
    };
    // A consumer group's limit is known by its members, which are not in the counter.
    if row["consumer_group_id"].is_string() {
        return Vec::new();
    }
    let config = &row["config"];
    let limit = |period: String, limit: &Value| {
        Some(Limit {
            table: plugin.table(),
            scope: id(row, "service_id"),
            route: id(row, "route_id"),
            period,
            consumer: row["consumer_id"].as_str().map(str::to_owned),
            limit: whole(limit)?,
        })
    };
    match plugin {
        Plugin::RateLimiting => PERIODS
            .iter()
            .filter_map(|period| limit((*period).to_owned(), &config[*period]))
            .collect(),
        Plugin::ResponseRatelimiting => {
            let named = config["limits"].as_object();
            named
                .into_iter()
                .flatten()
                .flat_map(|(name, periods)| {
                    PERIODS.map(|period| limit(format!("{name}_{period}"), &periods[period]))
                })
                .flatten()
                .collect()
        }
        Plugin::RateLimitingAdvanced => {
            let namespace = config["namespace"].as_str().unwrap_or_default();
            let pair = |name: &str| config[name].as_array().cloned().unwrap_or_default();
            let windows = pair("window_size").into_iter().zip(pair("limit"));
            windows
                .filter_map(|(size, most)| {
                    Some(Limit {
                        scope: namespace.to_owned(),
                        route: String::new(),
                        ..limit(format!("{} s", whole(&size)?), &most)?
                    })
                })
                .collect()
        }
    }
}

/// Kong stores numbers of its configuration as JSON numbers, whole or not.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a limit is a count, far below 2^53"
)]
pub(super) fn whole(number: &Value) -> Option<i64> {
    number
        .as_i64()
        .or_else(|| number.as_f64().map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_found_by_what_a_row_says_of_itself() {
        let plugins = [
            json!({"name": "rate-limiting", "enabled": true, "service_id": "s", "route_id": null, "consumer_id": "c",
                   "config": {"policy": "cluster", "minute": 5, "hour": 100.0, "day": null}}),
            json!({"name": "response-ratelimiting", "enabled": true,
                   "config": {"policy": "cluster", "limits": {"video": {"hour": 9}}}}),
            json!({"name": "rate-limiting-advanced", "enabled": true,
                   "config": {"strategy": "cluster", "namespace": "n", "limit": [7, 8], "window_size": [60, 3600]}}),
            json!({"name": "rate-limiting", "enabled": false, "config": {"policy": "cluster", "minute": 1}}),
            json!({"name": "rate-limiting", "enabled": true, "config": {"policy": "redis", "minute": 1}}),
            json!({"name": "key-auth", "enabled": true, "config": {}}),
        ];
        let found: Vec<String> = limits(&plugins, "cluster")
            .iter()
            .map(|l| {
                let consumer = l.consumer.as_deref().unwrap_or("-");
                format!(
                    "{} {} {} {consumer} {}",
                    l.table, l.scope, l.period, l.limit
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "ratelimiting_metrics s minute c 5".to_owned(),
                "ratelimiting_metrics s hour c 100".to_owned(),
                format!("response_ratelimiting_metrics {NOBODY} video_hour - 9"),
                "rl_counters n 60 s - 7".to_owned(),
                "rl_counters n 3600 s - 8".to_owned(),
            ]
        );
    }

    #[test]
    fn what_is_in_no_table_is_named_with_its_bound() {
        let local = json!({"name": "rate-limiting", "enabled": true, "config": {"policy": "local", "minute": 1}});
        let redis =
            json!({"name": "rate-limiting", "enabled": true, "config": {"policy": "redis"}});
        let plugins = [local.clone(), redis, local];
        let found = out_of_reach(&plugins, |_| Some("elsewhere"));
        let short: Vec<_> = found
            .iter()
            .map(|one| (one.policy.as_str(), one.plugins))
            .collect();
        assert_eq!(short, [("local", 2), ("redis", 1)]);
        assert!(found[0].why.contains("each node's memory"));
        let found = out_of_reach(&plugins, |_| None);
        assert_eq!(found.len(), 1, "what is carried is not named");
    }

    #[test]
    fn what_waits_in_nodes_is_known_by_the_slowest_plugin() {
        let plugin = |name: &str, rate: Value| json!({"name": name, "config": {"policy": "redis", "sync_rate": rate}});
        let found = sync_rates(&[
            plugin("rate-limiting", json!(-1)),
            plugin("rate-limiting", json!(0.02)),
            plugin("rate-limiting-advanced", json!(4)),
            plugin("rate-limiting-advanced", json!(0)),
            plugin("key-auth", json!(9)),
            json!({"name": "rate-limiting", "enabled": false, "config": {"sync_rate": 9}}),
            json!({"name": "rate-limiting", "config": {"policy": "redis"}}),
        ]);
        assert_eq!((found.plugins, found.longest), (2, 4_000));
        assert!(sync_rates(&[]).is_none());
    }
}
