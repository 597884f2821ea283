//! Parameters: what a playbook asks for, and the values that an operator gives on the command line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Window;

/// One parameter, as a playbook's header declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// One line for people.
    pub help: String,
    /// The value when none is given; without one the parameter is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<Value>,
}

/// What values a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    /// The name of a cluster of the environment.
    Cluster,
    /// The name of a database of the environment.
    Database,
    /// A Kong version such as `3.4.2`.
    Version,
    /// A maintenance window.
    Window,
    /// The name of a module with smoke tests.
    Checks,
    /// A duration such as `30s`, `5m` or `2h`.
    Duration,
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
}

/// What is wrong with the parameters that were given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A required one is missing.
    #[error("the parameter `{name}` is missing: {help}")]
    Missing {
        /// Its name.
        name: String,
        /// What it is for.
        help: String,
    },
    /// The playbook has no such parameter.
    #[error("the playbook has no parameter `{name}`{}", suggestion.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// What was given.
        name: String,
        /// The nearest that there is.
        suggestion: Option<String>,
    },
    /// The value is not of the type.
    #[error("the parameter `{name}` cannot be `{value}`: {problem}")]
    Invalid {
        /// Its name.
        name: String,
        /// What was given.
        value: String,
        /// Why not.
        problem: String,
    },
}

/// Resolves what was `given` against what is `declared`. `clusters` and `databases` are the names that the environment knows.
pub fn resolve(
    declared: &BTreeMap<String, Parameter>,
    given: &BTreeMap<String, String>,
    clusters: &[&str],
    databases: &[&str],
) -> Result<BTreeMap<String, Value>, ParameterError> {
    if let Some(name) = given.keys().find(|name| !declared.contains_key(*name)) {
        let near = |known: &&String| strsim::damerau_levenshtein(name, known) <= 2;
        let suggestion = declared.keys().find(near).cloned();
        return Err(ParameterError::Unknown {
            name: name.clone(),
            suggestion,
        });
    }
    let value = |(name, parameter): (&String, &Parameter)| {
        let text = match (given.get(name), &parameter.preset) {
            (Some(text), _) | (None, Some(Value::String(text))) => text.clone(),
            (None, Some(preset)) => preset.to_string(),
            (None, None) => {
                return Err(ParameterError::Missing {
                    name: name.clone(),
                    help: parameter.help.clone(),
                });
            }
        };
        let typed = parameter.kind.read(&text, clusters, databases);
        let invalid = |problem| ParameterError::Invalid {
            name: name.clone(),
            value: text.clone(),
            problem,
        };
        Ok((name.clone(), typed.map_err(invalid)?))
    };
    declared.iter().map(value).collect()
}

/// Resolves the values that a run has against what an edited playbook declares: a parameter that it no longer has is dropped, a
/// new one takes its preset, and each value must be of its type still.
pub fn resolve_again(
    declared: &BTreeMap<String, Parameter>,
    values: &BTreeMap<String, Value>,
    clusters: &[&str],
    databases: &[&str],
) -> Result<BTreeMap<String, Value>, ParameterError> {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let given = values
        .iter()
        .filter(|(name, _)| declared.contains_key(*name))
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    resolve(declared, &given, clusters, databases)
}

impl ParameterType {
    /// Reads `text` as a value of this type, in the form that scripts see.
    fn read(self, text: &str, clusters: &[&str], databases: &[&str]) -> Result<Value, String> {
        let known = |what: &str, names: &[&str]| {
            if names.contains(&text) {
                return Ok(Value::from(text));
            }
            let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let listed = if listed.is_empty() {
                "none".to_owned()
            } else {
                listed.join(", ")
            };
            Err(format!(
                "the environment has no such {what} (known: {listed})"
            ))
        };
        match self {
            Self::Cluster => known("cluster", clusters),
            Self::Database => known("database", databases),
            Self::Version => text
                .parse::<crate::kong::Version>()
                .map(|version| version.to_string().into())
                .map_err(|error| error.to_string()),
            Self::Window => text
                .parse::<Window>()
                .map(|window| window.to_string().into())
                .map_err(|error| error.to_string()),
            Self::Duration => duration(text).map(|_| text.into()),
            Self::Checks | Self::Text => Ok(text.into()),
            Self::Number => text
                .parse::<i64>()
                .map(Value::from)
                .map_err(|_| "it is not a whole number".to_owned()),
            Self::Flag => text
                .parse::<bool>()
                .map(Value::from)
                .map_err(|_| "it is neither `true` nor `false`".to_owned()),
        }
    }
}

/// The longest duration that anything in an upgrade takes, in milliseconds: a year, and a day for good measure.
const LONGEST: u64 = 366 * 24 * 3_600_000;

/// Reads a duration such as `250ms`, `30s`, `5m` or `2h`, in milliseconds.
pub fn duration(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let read = |(unit, factor): &(&str, u64)| {
        text.strip_suffix(unit)?
            .parse::<u64>()
            .ok()?
            .checked_mul(*factor)
    };
    let found = UNITS.iter().find_map(read);
    if found.is_some_and(|found| found > LONGEST) {
        return Err(format!("`{text}` is longer than a year"));
    }
    found.ok_or_else(|| {
        format!(
            "`{text}` is not a duration; write a number and its unit, as in `30s`, `5m` or `2h`"
        )
    })
}
