//! What playbooks may do in an environment: deny before ask before allow.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Need;

/// What was granted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Where true, nothing is granted that is not listed.
    #[serde(default)]
    pub protected: bool,
    /// Granted without a question.
    #[serde(default)]
    pub allow: Vec<Grant>,
    /// Granted after a person agreed.
    #[serde(default)]
    pub ask: Vec<Grant>,
    /// Never granted, whatever else is listed.
    #[serde(default)]
    pub deny: Vec<Grant>,
}

/// One line of grants: a need, or a need with how often it is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Grant {
    /// As often as it is wanted.
    Always(Need),
    /// So many steps of a run.
    Counted(Counted),
}

/// A need that is met so often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// The need.
    pub need: Need,
    /// For how many steps.
    pub at_most: u32,
    /// In how many seconds; in the whole run where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_seconds: Option<u32>,
}

/// By hand, since a derived one says of a misspelt need only that nothing fits.
impl<'de> Deserialize<'de> for Grant {
    fn deserialize<From: Deserializer<'de>>(from: From) -> Result<Self, From::Error> {
        from.deserialize_any(Written)
    }
}

/// A grant as it stands in a file.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Grant;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a need, or a table with `need` and `at_most`")
    }

    fn visit_str<Problem: de::Error>(self, text: &str) -> Result<Grant, Problem> {
        text.parse().map(Grant::Always).map_err(Problem::custom)
    }

    fn visit_map<Map: MapAccess<'de>>(self, map: Map) -> Result<Grant, Map::Error> {
        Counted::deserialize(MapAccessDeserializer::new(map)).map(Grant::Counted)
    }
}

impl Grants {
    /// Every grant with the list that it stands in.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Grant)> {
        let lists = [
            ("allow", &self.allow),
            ("ask", &self.ask),
            ("deny", &self.deny),
        ];
        lists
            .into_iter()
            .flat_map(|(list, grants)| grants.iter().map(move |grant| (list, grant)))
    }
}

impl Grant {
    /// What it is about.
    #[must_use]
    pub fn need(&self) -> &Need {
        match self {
            Self::Always(need) => need,
            Self::Counted(counted) => &counted.need,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always(need) => write!(formatter, "{need}"),
            Self::Counted(counted) => {
                write!(formatter, "{}, at most {}", counted.need, counted.at_most)?;
                match counted.per_seconds {
                    Some(seconds) => write!(formatter, " in {seconds} s"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// What the grants say about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It may be done.
    Allow,
    /// A person is asked first.
    Ask,
    /// It may not be done.
    Deny,
}
