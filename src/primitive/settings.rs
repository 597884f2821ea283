//! `config.read` and `env.compare`: what nodes go by, key by key, with where each value comes from; and in what two of them differ.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Failure, Look};
use crate::gateway::Gateway;
use crate::kong::conf::{Compared, Configuration, Effective, Side, Value, Verdict, compare};

/// Reads what nodes go by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSettings {
    /// The nodes.
    pub nodes: Vec<String>,
}

/// What a node goes by. Of a secret it holds that there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSettings {
    /// The installed version, which says how files are read.
    pub version: String,
    /// What it goes by for every key that the version has.
    pub settings: BTreeMap<String, NodeSetting>,
    /// What is set for keys that the open-source version does not have.
    pub unknown: BTreeMap<String, NodeSetting>,
    /// Variables that Kong does not read for their small letters.
    pub misspelt: Vec<String>,
    /// Why the node's own `kong` has not said what it makes of it; nothing where it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrendered: Option<String>,
}

/// What a node goes by for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSetting {
    /// The value; nothing where there is none.
    pub value: Option<String>,
    /// Where it comes from: `default`, a file with its line, an environment.
    pub from: String,
    /// What the node's own `kong` makes of it, such as an absolute path; nothing where it makes nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered: Option<String>,
}

impl From<&Effective> for NodeSetting {
    fn from(effective: &Effective) -> Self {
        Self {
            value: effective.value.shown().map(str::to_owned),
            from: effective.origin.to_string(),
            rendered: None,
        }
    }
}

impl From<Configuration> for NodeSettings {
    fn from(configuration: Configuration) -> Self {
        let told = |keys: &BTreeMap<String, Effective>| {
            let keys = keys.iter();
            keys.map(|(key, effective)| (key.clone(), effective.into()))
                .collect()
        };
        Self {
            version: configuration.version.to_string(),
            settings: told(&configuration.keys),
            unknown: told(&configuration.unknown),
            misspelt: configuration.misspelt,
            unrendered: None,
        }
    }
}

impl NodeSettings {
    /// With what the node's own `kong` makes of each key.
    fn rendered_as(mut self, rendered: Result<BTreeMap<String, String>, Failure>) -> Self {
        let mut rendered = match rendered {
            Ok(rendered) => rendered,
            Err(failure) => {
                self.unrendered = Some(failure.message);
                return self;
            }
        };
        for (key, setting) in self.settings.iter_mut().chain(&mut self.unknown) {
            setting.rendered = rendered
                .remove(key)
                .map(|value| Value::new(key, &value).to_string());
        }
        self
    }
}

impl Look for ReadSettings {
    type Answer = NodeSettings;
    const VERB: &'static str = "config.read";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<NodeSettings, Failure> {
        let settings: NodeSettings = world.node_settings(target).await?.into();
        Ok(settings.rendered_as(world.rendered_settings(target).await))
    }
}

/// Compares what two nodes go by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareSettings {
    /// The nodes.
    pub nodes: [String; 2],
}

/// In what two nodes differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedSettings {
    /// In how many keys they agree, defaults included.
    pub same: usize,
    /// The keys in which they differ and should not.
    pub different: BTreeMap<String, DifferentSetting>,
    /// Those in which nodes may differ: addresses, ports, their own directories.
    pub of_a_node: BTreeMap<String, DifferentSetting>,
}

/// A key in which two nodes differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferentSetting {
    /// What the one goes by, and where it comes from.
    pub one: String,
    /// What the other goes by.
    pub other: String,
    /// Why other code may run by it; nothing where it does not.
    pub code: Option<String>,
}

impl From<Vec<Compared>> for ComparedSettings {
    fn from(compared: Vec<Compared>) -> Self {
        let mut all = Self {
            same: 0,
            different: BTreeMap::new(),
            of_a_node: BTreeMap::new(),
        };
        for one in compared {
            if one.verdict == Verdict::Same {
                all.same += 1;
                continue;
            }
            let differs = DifferentSetting {
                one: told(&one.left),
                other: told(&one.right),
                code: one.code.map(str::to_owned),
            };
            let keys = if one.between_nodes.is_some() {
                &mut all.of_a_node
            } else {
                &mut all.different
            };
            keys.insert(one.key, differs);
        }
        all
    }
}

fn told(side: &Side) -> String {
    match side {
        Side::Set { value, origin } | Side::Unknown { value, origin } => {
            let value = value.as_deref().unwrap_or("nothing");
            format!("{value} ({origin})")
        }
        Side::Absent => "nothing".to_owned(),
    }
}

impl Look for CompareSettings {
    type Answer = ComparedSettings;
    const VERB: &'static str = "env.compare";

    fn targets(&self) -> Vec<String> {
        vec![self.nodes.join(" and ")]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<ComparedSettings, Failure> {
        let [one, other] = &self.nodes;
        let (one, other) = (
            world.node_settings(one).await?,
            world.node_settings(other).await?,
        );
        Ok(compare(&one, &other).into())
    }
}
