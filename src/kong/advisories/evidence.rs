//! What is known of a cluster that is to be upgraded.
//!
//! Each part is known, or it is said why not. What nobody looked at is unknown.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something that is known, or why it is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Known<T> {
    /// It is not, and this is why.
    Unknown {
        /// Why, as in "the Admin API of `kong-1` does not answer".
        unknown: String,
    },
    /// It is.
    Known(T),
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self::Unknown {
            unknown: "nobody looked".to_owned(),
        }
    }
}

impl<T> Known<T> {
    /// What is not known, and why.
    #[must_use]
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown {
            unknown: why.into(),
        }
    }

    /// It, or why it is not known.
    pub fn get(&self) -> Result<&T, String> {
        match self {
            Self::Known(it) => Ok(it),
            Self::Unknown { unknown } => Err(unknown.clone()),
        }
    }
}

/// All that is known of a cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Its nodes by their names.
    pub nodes: BTreeMap<String, Node>,
    /// Its entities by their collections, as the Admin API calls them.
    pub entities: BTreeMap<String, Known<Vec<Entity>>>,
    /// The plugins that the version to go to has.
    pub available_plugins: Known<BTreeSet<String>>,
    /// The database server.
    pub database: Known<Database>,
    /// Sources of custom plugins.
    pub lua: Known<Vec<TextFile>>,
    /// Scripts that call Kong's Admin API and commands.
    pub scripts: Known<Vec<TextFile>>,
    /// nginx templates of one's own.
    pub templates: Known<Vec<TextFile>>,
    /// Kubernetes manifests.
    pub manifests: Known<Vec<TextFile>>,
    /// Values of Helm releases, by their files.
    pub helm: Known<BTreeMap<String, Value>>,
    /// Declarative files, by their names.
    pub declarative: Known<BTreeMap<String, Value>>,
    /// The certificates that Kong serves with.
    pub certificates: Known<Vec<Certificate>>,
    /// How its nodes get their configuration.
    pub topology: Known<Topology>,
    /// How the upgrade is to be made: the playbook.
    pub strategy: Known<String>,
    /// The license.
    pub license: Known<License>,
    /// The data planes that its control planes know.
    pub data_planes: Known<Vec<DataPlane>>,
    /// Rules that the operator knows and accepts today, each with the reason.
    pub accepted: BTreeMap<String, String>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// The settings in effect, as `GET /` tells them (`configuration`).
    pub running: Known<BTreeMap<String, Value>>,
    /// What is set in its kong.conf and its environment, whatever the defaults are.
    pub set: Known<Vec<Setting>>,
    /// The tag of its image; empty where it runs in none.
    pub image_tag: Known<String>,
    /// The package that it was installed from; empty where it was none.
    pub package: Known<String>,
    /// Its processor.
    pub architecture: Known<String>,
    /// Its operating system.
    pub os: Known<Os>,
    /// How many files its processes may open.
    pub open_files: Known<u64>,
    /// Files of its package that were changed.
    pub modified_files: Known<BTreeSet<String>>,
}

/// A setting that stands somewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its key, as kong.conf writes it.
    pub key: String,
    /// Its value, as it stands there.
    pub value: String,
    /// Where it stands.
    #[serde(default)]
    pub origin: Option<Origin>,
}

/// Where a setting stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A line of a file, from 1.
    File(String, usize),
    /// A variable of the environment.
    Variable(String),
}

/// An operating system, as os-release tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Os {
    /// `ID`.
    pub id: String,
    /// `VERSION_ID`.
    pub version: String,
}

/// An entity of the Admin API.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Entity {
    /// Its workspace; `None` where there are none.
    #[serde(rename = "_workspace", default)]
    pub workspace: Option<String>,
    /// Its fields.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// The server of Kong's database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `postgres` or `cassandra`.
    pub kind: String,
    /// Its version, as in `15.4`.
    #[serde(default)]
    pub version: Known<String>,
    /// Its settings.
    #[serde(default)]
    pub settings: Known<BTreeMap<String, String>>,
    /// Privileges that Kong's role has.
    #[serde(default)]
    pub privileges: Known<BTreeSet<String>>,
    /// How many rows its tables have; a table that is not there is not named.
    #[serde(default)]
    pub rows: Known<BTreeMap<String, u64>>,
}

/// A text file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextFile {
    /// Its path.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What it is called: its file, or its id.
    pub name: String,
    /// How long its RSA key is.
    #[serde(default)]
    pub rsa_bits: Option<u32>,
    /// How long its key on an elliptic curve is.
    #[serde(default)]
    pub ec_bits: Option<u32>,
    /// Until when it is valid.
    #[serde(default)]
    pub ends: Option<Timestamp>,
}

/// How nodes get their configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// From a database, all of them.
    Traditional,
    /// Data planes from control planes, which have a database.
    Hybrid,
    /// From a file.
    Dbless,
}

/// Whether there is a license that is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum License {
    /// There is.
    Valid,
    /// Its time is over.
    Expired,
    /// There is none.
    Absent,
}

/// A data plane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPlane {
    /// Its host.
    pub name: String,
    /// Its version.
    pub version: crate::kong::Version,
    /// The plugins that it has, where it tells.
    #[serde(default)]
    pub plugins: Option<BTreeSet<String>>,
}
