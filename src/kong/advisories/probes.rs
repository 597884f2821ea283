//! What is demanded of each subject of a rule.

use serde::Deserialize;
use toml::Table;

use super::evidence::{License, Topology};
use super::test::{Pattern, Test};
use crate::kong::Version;

/// One or several texts, any of which is meant.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(from = "OneOrMany")]
pub(super) struct Names(pub(super) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Names {
    fn from(names: OneOrMany) -> Self {
        match names {
            OneOrMany::One(one) => Self(vec![one]),
            OneOrMany::Many(many) => Self(many),
        }
    }
}

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|one| one == name)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Always {
    #[expect(dead_code, reason = "it says all by being there")]
    always: bool,
}

/// A setting in kong.conf or the environment of a node. Nothing demanded means that it is set there; whatever is demanded of its value is
/// demanded of the one in effect.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingProbe {
    /// The keys.
    pub(super) conf_key: Option<Names>,
    /// Or what they match.
    pub(super) conf_key_regex: Option<Pattern>,
    /// Instead of demanding a value: that it is not set.
    #[serde(default)]
    pub(super) unset: bool,
    /// The value in effect where it is not set.
    pub(super) preset: Option<String>,
}

/// A configured plugin.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PluginProbe {
    /// The plugins; `*` are all.
    pub(super) plugin: Names,
    /// Fields, of any of which the rest is demanded.
    pub(super) field: Option<Names>,
    /// What must hold of the same plugin as well.
    #[serde(rename = "where", default)]
    pub(super) conditions: Vec<Condition>,
    /// What it must be configured on: `service`, `route`, `consumer`, or `global` for none of them.
    pub(super) scope: Option<String>,
    /// That the version to go to does not have it.
    #[serde(default)]
    pub(super) not_available: bool,
    /// That another field has another value.
    pub(super) differs_from: Option<String>,
}

/// An entity of the Admin API.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntityProbe {
    /// The collection, as the Admin API calls it.
    pub(super) entity: String,
    /// Fields, of any of which the rest is demanded; without one, that there is an entity.
    pub(super) path: Option<Names>,
    /// What must hold of the same entity as well.
    #[serde(rename = "where", default)]
    pub(super) conditions: Vec<Condition>,
    /// Fields by which they are counted together.
    #[serde(default)]
    pub(super) group_by: Vec<String>,
    /// How many of one group are too many.
    #[serde(default)]
    pub(super) count_gt: usize,
}

/// What must hold of a field.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Table")]
pub(super) struct Condition {
    pub(super) path: String,
    pub(super) test: Test,
}

impl TryFrom<Table> for Condition {
    type Error = toml::de::Error;

    fn try_from(mut table: Table) -> Result<Self, toml::de::Error> {
        let path = table.remove("path");
        let path = path.and_then(|path| path.as_str().map(str::to_owned));
        Ok(Self {
            path: path.unwrap_or_default(),
            test: table.try_into()?,
        })
    }
}

/// What becomes of a route's paths in Kong 3.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoutePaths {
    pub(super) route_paths: PathFate,
}

/// One of the things that become of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PathFate {
    /// It is an expression, and is told from a prefix by a `~` from then on.
    Rewritten,
    /// The new router's engine does not take it.
    Rejected,
    /// The engine takes it, and it can match other requests.
    Different,
    /// The same, for requests with characters beyond ASCII or a newline alone.
    RarelyDifferent,
    /// It has percent-encoded characters, which are compared otherwise.
    PercentEncoded,
    /// It looks like a glob, which it is not.
    Glob,
}

/// The server of Kong's database.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseProbe {
    /// `postgres` or `cassandra`.
    pub(super) db: String,
    /// It is older than this, as in `9.5`.
    pub(super) version_lt: Option<String>,
    /// It is this or newer.
    pub(super) version_ge: Option<String>,
    /// A setting of the server has this value: name and value.
    pub(super) server_setting: Option<(String, String)>,
    /// A privilege that Kong's role lacks, as in `CREATE ON SCHEMA public`.
    pub(super) lacks_privilege: Option<String>,
}

/// How many rows a table has: `SELECT count(*) FROM` it, and nothing else, so that no rule can do more than look.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RowsTable")]
pub(super) struct Rows {
    pub(super) table: String,
    pub(super) more_than: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowsTable {
    sql: String,
    gt: u64,
}

impl TryFrom<RowsTable> for Rows {
    type Error = String;

    fn try_from(rows: RowsTable) -> Result<Self, String> {
        let table = rows.sql.strip_prefix("SELECT count(*) FROM ");
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let table = table.filter(|table| !table.is_empty() && table.chars().all(is_plain));
        let table = table.ok_or_else(|| {
            let sql = &rows.sql;
            format!("`{sql}` is not `SELECT count(*) FROM` a table")
        })?;
        Ok(Self {
            table: table.to_owned(),
            more_than: rows.gt,
        })
    }
}

/// Files in which a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Of custom plugins.
    Lua,
    /// Of whoever calls Kong's Admin API and commands.
    Scripts,
    /// nginx templates of one's own.
    Templates,
    /// Of Kubernetes.
    Manifests,
}

/// A text, line by line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextProbe {
    /// What is looked for; where `missing` is true, what no line of the file has. Empty for any file at all.
    pub(super) pattern: Pattern,
    /// Only in files whose names end so.
    pub(super) in_file: Option<String>,
    /// Only in files that nowhere have this.
    pub(super) without: Option<Pattern>,
    /// That a file does not have it.
    #[serde(default)]
    pub(super) missing: bool,
}

/// The `PRIORITY` of custom plugins, each pair first and last.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Priority {
    pub(super) handler_priority_between: Vec<(i64, i64)>,
}

/// A value of a Helm release, as in `migrations.preUpgrade`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HelmProbe {
    pub(super) helm: String,
    /// In more files than this.
    #[serde(default)]
    pub(super) files_gt: usize,
}

/// A field of a declarative file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeclarativeProbe {
    pub(super) decl: String,
}

/// The system of a node's host.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OsProbe {
    /// As `ID` of os-release.
    pub(super) os: Names,
    /// As `VERSION_ID` there; without one, any.
    pub(super) version: Option<Names>,
}

/// Something else of a node.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NodeProbe {
    /// What the tag of its image has.
    ImageTag(Pattern),
    /// The package that it was installed from.
    Package(Names),
    /// Its processor, as in `arm64`.
    Architecture(Names),
    /// It may open so many files, or fewer.
    OpenFilesLe(u64),
    /// A file of its package that was changed.
    ModifiedFile(String),
}

/// A certificate's key.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateProbe {
    /// What kind of key.
    pub(super) cert: KeyKind,
    /// It has fewer bits than this.
    pub(super) lt: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyKind {
    RsaBits,
    EcBits,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topologies {
    pub(super) topology: Vec<Topology>,
}

/// The version that runs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceVersion {
    pub(super) source_version: Bounds,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    /// This or newer.
    pub(super) ge: Option<Version>,
    /// Older than this.
    pub(super) lt: Option<Version>,
}

/// How the upgrade is to be made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Strategies {
    pub(super) strategy: Names,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Licenses {
    pub(super) license: License,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataPlanes {
    pub(super) data_planes: DataPlaneFault,
}

/// What can be wrong with data planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DataPlaneFault {
    /// One is newer than the control planes.
    NewerThanControlPlane,
    /// One is of another major version than the one to go to.
    OtherMajor,
    /// One lacks a configured plugin.
    LacksPlugin,
}
