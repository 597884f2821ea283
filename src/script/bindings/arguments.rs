//! Arguments: handles or arrays of them, and options with known keys.

use rhai::{Dynamic, EvalAltResult, Map};
use serde::de::DeserializeOwned;

use super::environment::{Cluster, Database, Node};
use super::wrong_argument;
use crate::playbook::duration;
use crate::script::child::{to_json, values_argument};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// The names of nodes: one, an array of them, or all of a cluster.
pub(super) fn nodes(argument: Dynamic) -> Result<Vec<String>> {
    if let Some(cluster) = argument.read_lock::<Cluster>() {
        return Ok(cluster.nodes.clone());
    }
    values_argument(argument)
        .into_iter()
        .map(|node| {
            let found = node.type_name();
            node.try_cast::<Node>()
                .map(|node| node.name)
                .ok_or_else(|| {
                    wrong_argument(
                        format!("a node is wanted, not a {found}"),
                        "`env::cluster(name).nodes` are the nodes of a cluster",
                    )
                })
        })
        .collect()
}

/// The name of one node; of a cluster the first one's that has an Admin API.
pub(super) fn node(argument: Dynamic) -> Result<String> {
    let of_cluster = argument
        .read_lock::<Cluster>()
        .map(|cluster| cluster.administered().to_vec());
    let first = match of_cluster {
        Some(nodes) => nodes.into_iter().next(),
        None => nodes(argument)?.into_iter().next(),
    };
    first.ok_or_else(|| {
        wrong_argument(
            "the cluster has no nodes",
            "add them to the environment file",
        )
    })
}

/// A cluster.
pub(super) fn cluster(argument: Dynamic) -> Result<Cluster> {
    let found = argument.type_name();
    argument.try_cast::<Cluster>().ok_or_else(|| {
        wrong_argument(
            format!("a cluster is wanted, not a {found}"),
            "`env::cluster(params.cluster)` is one",
        )
    })
}

/// The name of a database: itself, or that of a cluster.
pub(super) fn database(argument: Dynamic) -> Result<String> {
    if let Some(cluster) = argument.read_lock::<Cluster>() {
        return cluster.database_name();
    }
    let found = argument.type_name();
    argument
        .try_cast::<Database>()
        .map(|database| database.name)
        .ok_or_else(|| {
            wrong_argument(
                format!("a database is wanted, not a {found}"),
                "`env::cluster(name).database` is one",
            )
        })
}

/// A text of one of the forms that a type knows, such as a version.
pub(super) fn text<T: std::str::FromStr>(what: &str, text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| wrong_argument(format!("{what}: {error}"), ""))
}

/// Plain data that a script made, such as what an earlier step answered.
pub(super) fn data<T: DeserializeOwned>(what: &str, value: &Dynamic) -> Result<T> {
    let json = to_json(value).map_err(|error| wrong_argument(format!("{what}: {error}"), ""))?;
    T::deserialize(json).map_err(|error| {
        wrong_argument(
            format!("{what}: {error}"),
            "pass what the step before answered",
        )
    })
}

/// Options by name. Every key must be asked for before [`Options::done`].
pub(super) struct Options {
    given: Map,
    known: Vec<&'static str>,
}

impl Options {
    pub(super) fn new(given: Map) -> Self {
        Self {
            given,
            known: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<Dynamic> {
        self.known.push(name);
        self.given.remove(name)
    }

    /// A duration such as `"30s"`, in milliseconds.
    pub(super) fn duration(&mut self, name: &'static str, preset: &str) -> Result<u64> {
        let text = match self.take(name) {
            Some(value) => value.into_string().map_err(|found| {
                wrong_argument(format!("`{name}` is a duration, not a {found}"), "\"30s\"")
            })?,
            None => preset.to_owned(),
        };
        duration(&text).map_err(|error| wrong_argument(error, "\"30s\""))
    }

    /// A duration, or several that add up; nothing if the option is not given.
    pub(super) fn durations(&mut self, name: &'static str) -> Result<u64> {
        let Some(value) = self.take(name) else {
            return Ok(0);
        };
        let parts = if value.is_array() {
            value.into_array().unwrap_or_default()
        } else {
            vec![value]
        };
        parts.into_iter().try_fold(0_u64, |sum, part| {
            let text = part.into_string().map_err(|found| {
                wrong_argument(
                    format!("`{name}` is a duration or a list of durations, not a {found}"),
                    "\"30s\"",
                )
            })?;
            let part = duration(&text).map_err(|error| wrong_argument(error, "\"30s\""))?;
            Ok(sum.saturating_add(part))
        })
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool> {
        self.take(name).map_or(Ok(false), |value| {
            value.as_bool().map_err(|found| {
                wrong_argument(format!("`{name}` is `true` or `false`, not a {found}"), "")
            })
        })
    }

    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<i64>> {
        self.take(name)
            .map(|value| {
                value.as_int().map_err(|found| {
                    wrong_argument(format!("`{name}` is a number, not a {found}"), "")
                })
            })
            .transpose()
    }

    /// Refuses what was given and not asked for.
    pub(super) fn done(self) -> Result<()> {
        let Some(unknown) = self.given.keys().next() else {
            return Ok(());
        };
        let near = self
            .known
            .iter()
            .find(|known| strsim::damerau_levenshtein(unknown, known) <= 2);
        let hint = near.map_or_else(
            || format!("options: {}", self.known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Err(wrong_argument(
            format!("there is no option `{unknown}`"),
            &hint,
        ))
    }
}
