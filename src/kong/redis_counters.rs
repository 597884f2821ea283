//! How plugins name their counters in Redis, and when a counter's window begins and ends.
//!
//! Sources: `policies/init.lua` of `rate-limiting` and `response-ratelimiting` from 1.0 to 3.9, which name a counter
//! `ratelimit:ROUTE:SERVICE:WHO:BEGINS:PERIOD` with milliseconds; and for `rate-limiting-advanced` the project's facts: a hash
//! `BEGINS:SIZE:NAMESPACE` in seconds, with a field for each client.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};
use serde_json::Value;

use super::rate_limits::{self, Plugin, plugin_of, whole};

/// What plugins count under in one Redis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Route and service of `rate-limiting`.
    plain: BTreeSet<(String, String)>,
    /// The same of `response-ratelimiting`.
    response: BTreeSet<(String, String)>,
    /// Namespaces of `rate-limiting-advanced`.
    namespaces: BTreeSet<String>,
}

/// What a key of Redis says of the counter behind it, or of the counters in its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The plugin's table of the policy `cluster`, by which limits are found.
    pub table: &'static str,
    /// Service or namespace, as in a limit.
    pub scope: String,
    /// Route, as in a limit.
    pub route: String,
    /// Who is counted; nothing where each field of a hash is somebody.
    pub identifier: Option<String>,
    /// The period, such as `day`, or a window's size, such as `60 s`.
    pub period: String,
    /// When the window begins.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// Until when it matters: the next window of `rate-limiting-advanced` weighs this one.
    pub matters_until: Timestamp,
}

impl Names {
    /// Adds what the plugin of a row of the table `plugins` counts under.
    pub fn add(&mut self, row: &Value) {
        let id = |column: &str| rate_limits::id(row, column);
        match plugin_of(row) {
            Some(Plugin::RateLimiting) => {
                self.plain.insert((id("route_id"), id("service_id")));
            }
            Some(Plugin::ResponseRatelimiting) => {
                self.response.insert((id("route_id"), id("service_id")));
            }
            Some(Plugin::RateLimitingAdvanced) => {
                let namespace = row["config"]["namespace"].as_str().unwrap_or_default();
                self.namespaces.insert(namespace.to_owned());
            }
            None => {}
        }
    }

    /// Patterns that find every key of theirs, and keys of others.
    #[must_use]
    pub fn patterns(&self) -> Vec<&'static str> {
        [
            ("ratelimit:*", !self.plain.is_empty()),
            ("response-ratelimit:*", !self.response.is_empty()),
            ("[0-9]*:[0-9]*:*", !self.namespaces.is_empty()),
        ]
        .into_iter()
        .filter_map(|(pattern, is_used)| is_used.then_some(pattern))
        .collect()
    }

    /// What `key` says, if it is one of theirs.
    #[must_use]
    pub fn read(&self, key: &str) -> Option<Named> {
        if let Some(rest) = key.strip_prefix("ratelimit:") {
            calendar(Plugin::RateLimiting, &self.plain, rest)
        } else if let Some(rest) = key.strip_prefix("response-ratelimit:") {
            calendar(Plugin::ResponseRatelimiting, &self.response, rest)
        } else {
            self.sliding(key)
        }
    }

    fn sliding(&self, key: &str) -> Option<Named> {
        let (start, rest) = key.split_once(':')?;
        let (size, namespace) = rest.split_once(':')?;
        if !self.namespaces.contains(namespace) {
            return None;
        }
        let (start, size): (i64, i64) = (start.parse().ok()?, size.parse().ok()?);
        let after = |windows: i64| {
            let end = start.checked_add(windows.checked_mul(size)?)?;
            Timestamp::from_second(end).ok()
        };
        Some(Named {
            table: Plugin::RateLimitingAdvanced.table(),
            scope: namespace.to_owned(),
            route: String::new(),
            identifier: None,
            period: format!("{size} s"),
            begins: after(0)?,
            ends: after(1)?,
            matters_until: after(2)?,
        })
    }
}

/// Whether a key of theirs is a hash of counters, and not one counter.
#[must_use]
pub fn is_hash(key: &str) -> bool {
    !key.starts_with("ratelimit:") && !key.starts_with("response-ratelimit:")
}

/// Reads what comes after the prefix. From the right, since who is counted may have colons, as an address of IPv6.
fn calendar(plugin: Plugin, known: &BTreeSet<(String, String)>, rest: &str) -> Option<Named> {
    let (route, rest) = rest.split_once(':')?;
    let (service, rest) = rest.split_once(':')?;
    if !known.contains(&(route.to_owned(), service.to_owned())) {
        return None;
    }
    let (rest, last) = rest.rsplit_once(':')?;
    let (identifier, begins, period) = if plugin == Plugin::RateLimiting {
        let (identifier, begins) = rest.rsplit_once(':')?;
        (identifier, begins, last.to_owned())
    } else {
        // There the name of a limit stands before the period.
        let (rest, name) = rest.rsplit_once(':')?;
        let (identifier, begins) = rest.rsplit_once(':')?;
        (identifier, begins, format!("{name}_{last}"))
    };
    let begins = Timestamp::from_millisecond(begins.parse().ok()?).ok()?;
    let after = begins
        .to_zoned(TimeZone::UTC)
        .checked_add(lasting(last)?)
        .ok()?;
    Some(Named {
        table: plugin.table(),
        scope: service.to_owned(),
        route: route.to_owned(),
        identifier: Some(identifier.to_owned()),
        period,
        begins,
        ends: after.timestamp(),
        matters_until: after.timestamp(),
    })
}

fn lasting(period: &str) -> Option<Span> {
    Some(match period {
        "second" => 1.second(),
        "minute" => 1.minute(),
        "hour" => 1.hour(),
        "day" => 1.day(),
        "month" => 1.month(),
        "year" => 1.year(),
        _ => return None,
    })
}

/// Where a plugin counts, as its configuration calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Host and port, as in `redis:6379`; the host may be a reference to a vault, which means what each node makes of it.
    pub called: String,
    /// The number of the database.
    pub database: i64,
    /// The namespace of the advanced plugin, null of others.
    namespace: Value,
}

impl Place {
    /// Where the plugin of a row counts, by its configuration before 3.6 and since; nothing where it names several servers, of
    /// which each node chooses one.
    #[must_use]
    pub fn of(row: &Value) -> Option<Self> {
        let config = &row["config"];
        let setting = |name: &str| {
            let nested = &config["redis"][name];
            if nested.is_null() {
                &config[format!("redis_{name}").as_str()]
            } else {
                nested
            }
        };
        let several = [
            "sentinel_nodes",
            "cluster_nodes",
            "sentinel_addresses",
            "cluster_addresses",
        ];
        if several
            .iter()
            .any(|several| config["redis"][several].is_array())
        {
            return None;
        }
        let host = setting("host").as_str()?;
        let port = whole(setting("port")).unwrap_or(6379);
        Some(Self {
            called: format!("{host}:{port}"),
            database: whole(setting("database")).unwrap_or(0),
            namespace: config["namespace"].clone(),
        })
    }

    fn is_reference(&self) -> bool {
        self.called.starts_with("{vault")
    }

    /// Whether both count under the same names, wherever that is.
    #[must_use]
    pub fn is_named_as(&self, other: &Self) -> bool {
        self.namespace == other.namespace
    }
}

/// Why nothing is carried between the place where one side counts and that of the other, as far as their names tell.
#[must_use]
pub fn told_by_name(here: Option<&Place>, there: Option<&Place>) -> &'static str {
    let told = |place: Option<&Place>| place.filter(|place| !place.is_reference()).cloned();
    match (told(here), told(there)) {
        (Some(here), Some(there)) if here == there => SHARED,
        (Some(_), Some(_)) => {
            "the sides count in different Redis, or under different names there: up to its whole limit may pass again"
        }
        _ => {
            "its counters are in Redis, and whether both sides use the same cannot be told: if not, up to its whole limit may pass again"
        }
    }
}

/// Why nothing is carried where both sides count in one place.
pub const SHARED: &str =
    "both sides count in the same Redis: there is no gap, and nothing to carry";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

    fn names() -> Names {
        let mut names = Names::default();
        for row in [
            json!({"name": "rate-limiting", "service_id": "s", "route_id": null}),
            json!({"name": "response-ratelimiting", "service_id": null, "route_id": "r"}),
            json!({"name": "rate-limiting-advanced", "config": {"namespace": "a:b"}}),
            json!({"name": "key-auth"}),
        ] {
            names.add(&row);
        }
        names
    }

    #[test]
    fn keys_are_read_as_plugins_write_them() {
        let names = names();
        let read = |key: &str| {
            names.read(key).map(|named| {
                let who = named.identifier.as_deref().unwrap_or("-").to_owned();
                format!(
                    "{} {who} {} {} to {}",
                    named.table, named.period, named.begins, named.ends
                )
            })
        };
        let told = [
            format!("ratelimit:{NOBODY}:s:2001:db8::7:1793491200000:month"),
            format!("response-ratelimit:r:{NOBODY}:anna:1767225600000:video:year"),
            "1796169600:86400:a:b".to_owned(),
        ]
        .map(|key| read(&key).expect("one of theirs"));
        insta::assert_snapshot!(told.join("\n"), @r"
        ratelimiting_metrics 2001:db8::7 month 2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z
        response_ratelimiting_metrics anna video_year 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z
        rl_counters - 86400 s 2026-12-02T00:00:00Z to 2026-12-03T00:00:00Z
        ");
    }

    #[test]
    fn what_others_count_is_not_theirs() {
        let names = names();
        for key in [
            format!("ratelimit:r:{NOBODY}:anna:1793491200000:month"),
            format!("ratelimit:{NOBODY}:s:anna:1793491200000:fortnight"),
            format!("ratelimit:{NOBODY}:s:anna:99999999999999999999:day"),
            format!("response-ratelimit:{NOBODY}:s:anna:1767225600000:video:year"),
            "1796169600:86400:a".to_owned(),
            "9223372036854775807:9223372036854775807:a:b".to_owned(),
            "session:1".to_owned(),
            String::new(),
        ] {
            assert_eq!(names.read(&key), None, "{key}");
        }
        assert_eq!(
            names.patterns(),
            ["ratelimit:*", "response-ratelimit:*", "[0-9]*:[0-9]*:*"]
        );
        assert!(Names::default().patterns().is_empty());
    }

    #[test]
    fn a_place_is_told_where_it_is_one() {
        let place = |config: Value| Place::of(&json!({ "config": config }));
        let flat = place(json!({"redis_host": "a", "redis_port": 7000.0, "redis_database": 2}));
        let flat = flat.expect("told");
        assert_eq!((flat.called.as_str(), flat.database), ("a:7000", 2));
        assert_eq!(
            place(json!({"redis": {"host": "a"}})).expect("told").called,
            "a:6379"
        );
        for unknown in [
            json!({"redis": {"host": "a", "cluster_nodes": [{"ip": "b", "port": 1}]}}),
            json!({}),
        ] {
            assert_eq!(place(unknown), None);
        }
    }

    #[test]
    fn whether_both_sides_count_in_the_same_place_is_found_out_by_name() {
        let place = |config: Value| Place::of(&json!({ "config": config }));
        let flat = |host: &str, database: u8| {
            place(json!({"redis_host": host, "redis_database": database}))
        };
        let nested = |host: &str, database: u8| {
            place(json!({"redis": {"host": host, "database": database}}))
        };
        let namespace = |name: &str| place(json!({"namespace": name, "redis": {"host": "a"}}));
        let different = "the sides count in different Redis";
        for (here, there, told) in [
            (flat("a", 0), nested("a", 0), SHARED),
            (flat("a", 0), nested("b", 0), different),
            (flat("a", 0), nested("a", 1), different),
            (namespace("n"), namespace("n"), SHARED),
            (namespace("n"), namespace("m"), different),
            (flat("a", 0), None, "its counters are in Redis"),
            (
                flat("{vault://env/redis}", 0),
                nested("{vault://env/redis}", 0),
                "its counters are in Redis",
            ),
        ] {
            let found = told_by_name(here.as_ref(), there.as_ref());
            assert!(found.starts_with(told), "{found}");
        }
    }
}
