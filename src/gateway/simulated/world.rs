//! The world as a plan begins with it: observed, or described by hand. Plain data with a published schema.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::environment::{DatabaseKind, Role};
use crate::gateway::{
    Adaptation, AdminAccess, KongSessions, NodeFacts, Plugin, Rotation, StrangeNode, SyncRates,
    WriteDenial,
};
use crate::kong::Version;
use crate::kong::schema::Schema;

/// The version of this format.
pub(super) const FORMAT: u32 = 1;

/// A world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The version of this format: 1.
    pub format: u32,
    /// The environment's name.
    pub environment: String,
    /// When it was looked at; a plan's clock begins here.
    #[schemars(with = "String")]
    pub observed_at: Timestamp,
    /// The nodes by name.
    pub nodes: BTreeMap<String, Node>,
    /// The databases by their name in the environment.
    pub databases: BTreeMap<String, Database>,
    /// Servers that load balancers send requests to and the environment does not list, by cluster.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unlisted: BTreeMap<String, BTreeSet<String>>,
    /// The files of the practice directory, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub practice_files: BTreeMap<String, String>,
}

/// A node of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The base URL of its proxy; a control plane has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// What it does in a hybrid cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it has of a configuration that comes from no database, if it is such a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Declared>,
    /// The database that its cluster names, as the environment calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_database: Option<String>,
    /// The database that its own settings lead to, as the environment calls it; none where they lead elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The versions that could be installed.
    #[schemars(with = "Vec<String>")]
    pub available: Vec<Version>,
    /// The versions that could be tried for it while it has another one installed; where nothing is said, all that could be installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub trials: Option<Vec<Version>>,
    /// The versions that are kept there, whatever becomes of where they come from.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "BTreeSet<String>")]
    pub kept: BTreeSet<Version>,
    /// The version of its `kong` command.
    #[schemars(with = "String")]
    pub installed: Version,
    /// The version that runs, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub running: Option<Version>,
    /// What its load balancer gives it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// Whether its Admin API takes requests.
    #[serde(default, skip_serializing_if = "AdminAccess::is_usual")]
    pub admin: AdminAccess,
    /// SHA-256 of the files that decide what it does, by name: `kong.conf` and `kong`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Versions whose `kong check` refuses the node's configuration, with Kong's words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub refuses_configuration: BTreeMap<Version, String>,
    /// Whether it is a stand-in and not Kong.
    #[serde(default)]
    pub stand_in: bool,
    /// The plugins that it has and not every Kong of its version, among those that playbooks put on services: `canary`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub plugins: BTreeSet<String>,
    /// What change sets would do to its files, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adaptations: BTreeMap<String, Adaptation>,
    /// nginx templates of one's own, with the release that each was made out of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub templates: BTreeMap<String, Version>,
    /// Why it could not be stopped, changed or started again through its host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hindrances: Vec<String>,
    /// Kong nodes on its host that the environment does not list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strange: Vec<StrangeNode>,
    /// What there is to know of its host, where somebody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub facts: Option<Box<NodeFacts>>,
}

impl Node {
    /// The versions that could be tried for it.
    pub(super) fn trial_versions(&self) -> &[Version] {
        self.trials.as_deref().unwrap_or(&self.available)
    }
}

/// The configuration of a node without a database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Declared {
    /// Its hash; none where the node has no configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The version that was sent it, or started with it, last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub sent_to: Option<Version>,
    /// Whether every start reads it from a file, and not from what the node was sent.
    pub from_file: bool,
    /// Versions that cannot read that file, with Kong's words.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub refused_by: BTreeMap<Version, String>,
    /// Entities by kind, of a DB-less node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entities: BTreeMap<String, u64>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is said by itself, in a file that people write too"
)]
pub struct Database {
    /// The server's version.
    pub server_version: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes free where backups are written.
    pub free_bytes: u64,
    /// Sessions other than ours.
    #[serde(default)]
    pub sessions: u64,
    /// The database, as the environment calls it, on whose server rehearsals run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<String>,
    /// Why a swap is not possible, one line a reason.
    #[serde(default)]
    pub swap_obstacles: Vec<String>,
    /// What `schema_meta` holds.
    pub schema: Schema,
    /// Entities by kind, as the Admin API counts them.
    pub entities: BTreeMap<String, u64>,
    /// Plugins on its routes and services, by their places, such as `routes/orders/redirect`: those that a playbook may find there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plugins: BTreeMap<String, Plugin>,
    /// How often somebody has written configuration; any number stands for the state that was found.
    #[serde(default)]
    pub writes: u64,
    /// Whether somebody holds Kong's lock on migrations.
    #[serde(default)]
    pub migration_lock: bool,
    /// Whether its server has no such database: one that is yet to be made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// When it was made as a copy of another one whose counters are carried, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub copy_taken_at: Option<Timestamp>,
    /// The system behind it: of a Cassandra less can be asked.
    #[serde(default, skip_serializing_if = "DatabaseKind::is_postgres")]
    pub kind: DatabaseKind,
    /// How its plugins push what they count in nodes' memory.
    #[serde(default, skip_serializing_if = "SyncRates::is_none")]
    pub sync_rates: SyncRates,
    /// Whether it lets nobody in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fenced: bool,
    /// Whether the server does not answer.
    #[serde(default)]
    pub down: bool,
    /// Transactions that are open for long, described for people.
    #[serde(default)]
    pub long_transactions: Vec<String>,
    /// Who is connected as Kong's role.
    #[serde(default)]
    pub kong_sessions: KongSessions,
    /// Whether it denies writes to Kong's configuration.
    #[serde(default)]
    pub write_denial: WriteDenial,
}

/// Why a text is no world.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// It does not fit the schema.
    #[error("this is not a world that can be planned with, at `{place}`: {problem}")]
    Shape {
        /// Where, as a path of keys, or a line and a column.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// Another version of cutover wrote it.
    #[error("this world has format {found}, and this version of cutover reads format {FORMAT}")]
    Format {
        /// The format that it says.
        found: u64,
    },
}

impl Database {
    /// Whether no session can be opened on it.
    pub(super) fn is_out_of_reach(&self) -> bool {
        self.down || self.absent || self.fenced
    }
}

impl World {
    /// Reads a world from JSON.
    pub fn read(text: &str) -> Result<Self, WorldError> {
        let shape = |error: &serde_json::Error| WorldError::Shape {
            place: format!("line {}, column {}", error.line(), error.column()),
            problem: bare(error),
        };
        let formatted: Formatted = serde_json::from_str(text).map_err(|error| shape(&error))?;
        if formatted.format != u64::from(FORMAT) {
            return Err(WorldError::Format {
                found: formatted.format,
            });
        }
        serde_json::from_str(text).map_err(|error| shape(&error))
    }
}

/// What is read first, so that a world of another version is told as such.
#[derive(Deserialize)]
struct Formatted {
    format: u64,
}

/// The message without its own spelling of the place.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
