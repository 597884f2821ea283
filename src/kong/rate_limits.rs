//! Which rate limits a gateway's plugins set, and where they count.
//!
//! Sources: the schemas of `rate-limiting`, `response-ratelimiting` and `rate-limiting-advanced`, and the columns of their tables.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The plugins that count, with the table of their policy `cluster`.
const PLUGINS: [(&str, &str); 3] = [
    ("rate-limiting", "ratelimiting_metrics"),
    ("response-ratelimiting", "response_ratelimiting_metrics"),
    ("rate-limiting-advanced", "rl_counters"),
];

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

/// The names of the plugins that count.
#[must_use]
pub fn plugins() -> Vec<&'static str> {
    PLUGINS.iter().map(|(name, _)| *name).collect()
}

/// The limits that enabled `plugins` set whose counters are in tables, each a row of the table `plugins` as an object.
#[must_use]
pub fn limits(plugins: &[Value]) -> Vec<Limit> {
    plugins.iter().flat_map(limits_of).collect()
}

/// The enabled `plugins` whose counters are in no table, beside what the `copy` of their database has of them by now.
#[must_use]
pub fn out_of_reach(plugins: &[Value], copy: &[Value]) -> Vec<OutOfReach> {
    let mut found: Vec<OutOfReach> = Vec::new();
    for row in plugins.iter().filter(|row| is_enabled(row)) {
        let Some((plugin, _)) = counted_in(row) else {
            continue;
        };
        let policy = policy(row);
        let why = match policy.as_str() {
            "cluster" => continue,
            "redis" => {
                let there = copy.iter().find(|other| other["id"] == row["id"]);
                told_of_redis(redis(row).as_ref(), there.and_then(redis).as_ref())
            }
            _ => {
                "its counters are in each node's memory: up to its whole limit may pass again, and once more for every node"
            }
        };
        match found
            .iter_mut()
            .find(|known| known.plugin == plugin && known.policy == policy && known.why == why)
        {
            Some(known) => known.plugins += 1,
            None => found.push(OutOfReach {
                plugin: plugin.to_owned(),
                policy,
                why: why.to_owned(),
                plugins: 1,
            }),
        }
    }
    found.sort();
    found
}

/// Where a plugin counts in Redis: host, port, database, and of the advanced plugin the namespace.
#[derive(Debug, PartialEq, Eq)]
struct Redis {
    host: String,
    port: i64,
    database: i64,
    namespace: Value,
}

/// Where the plugin of a row counts in Redis, by its configuration before 3.6 and since.
fn redis(row: &Value) -> Option<Redis> {
    let config = &row["config"];
    let setting = |name: &str| {
        let nested = &config["redis"][name];
        if nested.is_null() {
            &config[format!("redis_{name}").as_str()]
        } else {
            nested
        }
    };
    // A reference to a vault means what each node makes of it.
    let host = setting("host")
        .as_str()
        .filter(|host| !host.starts_with("{vault"))?;
    Some(Redis {
        host: host.to_owned(),
        port: whole(setting("port")).unwrap_or(6379),
        database: whole(setting("database")).unwrap_or(0),
        namespace: config["namespace"].clone(),
    })
}

/// What it means that one side counts `here` in Redis, and the other `there`.
fn told_of_redis(here: Option<&Redis>, there: Option<&Redis>) -> &'static str {
    match (here, there) {
        (Some(here), Some(there)) if here == there => {
            "both sides count in the same Redis: there is no gap, and nothing to carry"
        }
        (Some(_), Some(_)) => {
            "the sides count in different Redis, or under different names there: up to its whole limit may pass again"
        }
        _ => {
            "its counters are in Redis, and whether both sides use the same cannot be told: if not, up to its whole limit may pass again"
        }
    }
}

fn is_enabled(row: &Value) -> bool {
    row["enabled"] != false
}

fn counted_in(row: &Value) -> Option<(&'static str, &'static str)> {
    let name = row["name"].as_str()?;
    PLUGINS.into_iter().find(|(plugin, _)| *plugin == name)
}

/// The advanced plugin calls it `strategy`.
fn policy(row: &Value) -> String {
    let config = &row["config"];
    let named = config["policy"].as_str().or(config["strategy"].as_str());
    named.unwrap_or("local").to_owned()
}

fn limits_of(row: &Value) -> Vec<Limit> {
    let Some((plugin, table)) = counted_in(row).filter(|_| is_enabled(row)) else {
        return Vec::new();
    };
    // A consumer group's limit is known by its members, which are not in the counter.
    if policy(row) != "cluster" || row["consumer_group_id"].is_string() {
        return Vec::new();
    }
    let config = &row["config"];
    let id = |column: &str| row[column].as_str().unwrap_or(NOBODY).to_owned();
    let limit = |period: String, limit: &Value| {
        Some(Limit {
            table,
            scope: id("service_id"),
            route: id("route_id"),
            period,
            consumer: row["consumer_id"].as_str().map(str::to_owned),
            limit: whole(limit)?,
        })
    };
    match plugin {
        "rate-limiting" => PERIODS
            .iter()
            .filter_map(|period| limit((*period).to_owned(), &config[*period]))
            .collect(),
        "response-ratelimiting" => {
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
        _ => {
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
fn whole(number: &Value) -> Option<i64> {
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
        let found: Vec<String> = limits(&plugins)
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
        let found = out_of_reach(&[local.clone(), redis, local], &[]);
        let short: Vec<_> = found
            .iter()
            .map(|one| (one.policy.as_str(), one.plugins))
            .collect();
        assert_eq!(short, [("local", 2), ("redis", 1)]);
        assert!(found[0].why.contains("each node's memory"));
    }

    #[test]
    fn whether_both_sides_count_in_the_same_redis_is_found_out() {
        let plugin = |config: Value| json!({"id": "1", "name": "rate-limiting", "enabled": true, "config": config});
        let flat = |host: &str, database: u8| json!({"policy": "redis", "redis_host": host, "redis_port": 6379, "redis_database": database});
        let nested = |host: &str, database: u8| json!({"policy": "redis", "redis": {"host": host, "port": 6379, "database": database}});
        let namespace =
            |name: &str| json!({"strategy": "redis", "namespace": name, "redis": {"host": "a"}});
        for (here, there, told) in [
            (
                flat("a", 0),
                nested("a", 0),
                "both sides count in the same Redis",
            ),
            (
                flat("a", 0),
                nested("b", 0),
                "the sides count in different Redis",
            ),
            (
                flat("a", 0),
                nested("a", 1),
                "the sides count in different Redis",
            ),
            (
                namespace("n"),
                namespace("n"),
                "both sides count in the same Redis",
            ),
            (
                namespace("n"),
                namespace("m"),
                "the sides count in different Redis",
            ),
            (
                nested("{vault://env/redis}", 0),
                nested("{vault://env/redis}", 0),
                "its counters are in Redis",
            ),
        ] {
            let found = out_of_reach(&[plugin(here)], &[plugin(there)]);
            assert!(found[0].why.starts_with(told), "{}", found[0].why);
        }
        let gone = out_of_reach(&[plugin(flat("a", 0))], &[]);
        assert!(
            gone[0].why.starts_with("its counters are in Redis"),
            "{}",
            gone[0].why
        );
    }
}
