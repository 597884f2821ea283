//! Values that a newer version writes otherwise.
//!
//! A value that is not of the shape that the old version writes stays as it is: then it is compared as it stands.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::kong::routes::StoredPath;

/// How a value is written otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rewrite {
    /// Paths of routes: a `~` before each expression, and fewer characters encoded.
    MigratedPaths,
    /// Lists of a header's values become one text; an empty one, and a map that is empty then, disappears.
    JoinedValues,
    /// `host:port` becomes a record.
    SentinelNodes,
    /// The same, with an address.
    ClusterNodes,
}

impl Rewrite {
    /// The value as the newer version writes it.
    pub(super) fn apply(self, value: &Value) -> Value {
        let written = match self {
            Self::MigratedPaths => each(value, |path| {
                let migrated = StoredPath::of(path).migrated()?;
                Some(Value::String(migrated.into_owned()))
            }),
            Self::JoinedValues => joined(value),
            Self::SentinelNodes => each(value, |address| node(address, "host")),
            Self::ClusterNodes => each(value, |address| node(address, "ip")),
        };
        written.unwrap_or_else(|| value.clone())
    }
}

/// A list of texts, each written otherwise.
fn each(value: &Value, write: impl Fn(&str) -> Option<Value>) -> Option<Value> {
    let items = value.as_array()?.iter();
    items.map(|item| write(item.as_str()?)).collect()
}

fn node(address: &str, host: &str) -> Option<Value> {
    let (name, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    Some(json!({host: name, "port": port}))
}

fn joined(value: &Value) -> Option<Value> {
    let headers = value.as_object()?;
    let mut written = Map::new();
    for (name, values) in headers {
        let Some(values) = values.as_array() else {
            // Written so already, or by somebody who knew the newer version.
            written.insert(name.clone(), values.clone());
            continue;
        };
        let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
        let texts = texts?;
        if !texts.is_empty() {
            written.insert(name.clone(), texts.join(", ").into());
        }
    }
    let is_emptied = written.is_empty() && !headers.is_empty();
    Some(if is_emptied {
        Value::Null
    } else {
        Value::Object(written)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_migrations_write_them() {
        use Rewrite::*;
        for (rewrite, before, after) in [
            (
                MigratedPaths,
                json!(["/a", "/b/[0-9]+", "~/c$", "/d%7E"]),
                json!(["/a", "~/b/[0-9]+", "~/c$", "/d~"]),
            ),
            (
                JoinedValues,
                json!({"A": ["1", "2"], "B": [], "C": "3"}),
                json!({"A": "1, 2", "C": "3"}),
            ),
            (JoinedValues, json!({"B": []}), json!(null)),
            (JoinedValues, json!({}), json!({})),
            (
                SentinelNodes,
                json!(["one:26379", "[::1]:26380"]),
                json!([{"host": "one", "port": 26379}, {"host": "[::1]", "port": 26380}]),
            ),
            (
                ClusterNodes,
                json!(["10.0.0.1:6379"]),
                json!([{"ip": "10.0.0.1", "port": 6379}]),
            ),
        ] {
            assert_eq!(rewrite.apply(&before), after, "{rewrite:?} of {before}");
        }
    }

    #[test]
    fn what_the_old_version_does_not_write_stays() {
        use Rewrite::*;
        for (rewrite, value) in [
            (MigratedPaths, json!(null)),
            (MigratedPaths, json!(["/a", 1])),
            (JoinedValues, json!({"A": [1]})),
            (SentinelNodes, json!(["one"])),
            (ClusterNodes, json!([{"ip": "10.0.0.1", "port": 6379}])),
        ] {
            assert_eq!(rewrite.apply(&value), value, "{rewrite:?}");
        }
    }
}
