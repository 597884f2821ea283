//! How a rule is found: the grammar of `detect`.
//!
//! A table has one subject, named by its key, with what is demanded of it, and in `and`, `or` and `unless` further tables. It is found if its
//! subject and all of `and` are, or any of `or`, and none of `unless` is known to be. A key that a subject does not have is refused, so that nothing is demanded in vain.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Table;

use super::probes::{
    Always, CertificateProbe, DataPlanes, DatabaseProbe, DeclarativeProbe, EntityProbe, HelmProbe,
    Licenses, NodeProbe, OsProbe, PluginProbe, Priority, RoutePaths, Rows, SettingProbe, Source,
    SourceVersion, Strategies, TextProbe, Topologies,
};
use super::test::Test;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Table")]
pub struct Detect {
    pub(super) subject: Subject,
    pub(super) and: Vec<Detect>,
    pub(super) or: Vec<Detect>,
    pub(super) unless: Vec<Detect>,
}

/// A `detect` that means nothing.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// There is not exactly one subject.
    #[error("`detect` needs one of {}, and has {found:?}", SUBJECTS.map(|(key, _)| key).join(", "))]
    Subject {
        /// The subjects that it has.
        found: Vec<&'static str>,
    },
    /// Something else than tables is to hold as well.
    #[error("`{0}` is a table, or a list of tables")]
    Further(&'static str),
    /// The subject is not as it must be.
    #[error("`{key}`: {source}")]
    Unreadable {
        /// The subject.
        key: &'static str,
        /// Why.
        source: toml::de::Error,
    },
    /// The subject has no value.
    #[error("`{0}` has no value of which anything could be demanded")]
    Valueless(&'static str),
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    Always,
    Setting(SettingProbe, Test),
    Plugin(PluginProbe, Test),
    Entity(EntityProbe, Test),
    RoutePaths(RoutePaths),
    Database(DatabaseProbe),
    Rows(Rows),
    Text(Source, TextProbe),
    Priority(Priority),
    Helm(HelmProbe, Test),
    Declarative(DeclarativeProbe, Test),
    Os(OsProbe),
    Node(NodeProbe),
    Certificate(CertificateProbe),
    Topology(Topologies),
    SourceVersion(SourceVersion),
    Strategy(Strategies),
    License(Licenses),
    DataPlanes(DataPlanes),
}

impl Detect {
    /// Whether something is demanded of a node beside something else.
    pub(super) fn demands_of_a_node(&self) -> bool {
        let is_about_one = |detect: &Self| {
            matches!(
                detect.subject,
                Subject::Setting(..) | Subject::Os(_) | Subject::Node(_)
            )
        };
        let further = || self.and.iter().chain(&self.unless);
        further().next().is_some() && (is_about_one(self) || further().any(is_about_one))
            || self.or.iter().any(Self::demands_of_a_node)
    }

    /// The tables whose rows it counts.
    pub(super) fn tables(&self) -> Vec<&str> {
        let own = match &self.subject {
            Subject::Rows(rows) => Some(rows.table.as_str()),
            _ => None,
        };
        let further = self.and.iter().chain(&self.or).flat_map(Self::tables);
        own.into_iter().chain(further).collect()
    }
}

type Parse = fn(Table, Test) -> Result<Subject, toml::de::Error>;

/// The subjects, each by the key that names it.
const SUBJECTS: [(&str, Parse); 27] = [
    ("always", |table, _| {
        typed::<Always>(table).map(|_| Subject::Always)
    }),
    ("conf_key", setting),
    ("conf_key_regex", setting),
    ("plugin", |table, test| {
        Ok(Subject::Plugin(typed(table)?, test))
    }),
    ("entity", |table, test| {
        Ok(Subject::Entity(typed(table)?, test))
    }),
    ("route_paths", |table, _| {
        typed(table).map(Subject::RoutePaths)
    }),
    ("db", |table, _| typed(table).map(Subject::Database)),
    ("sql", |table, _| typed(table).map(Subject::Rows)),
    ("lua", |table, _| text(Source::Lua, "lua", table)),
    ("script", |table, _| text(Source::Scripts, "script", table)),
    ("template", |table, _| {
        text(Source::Templates, "template", table)
    }),
    ("manifest", |table, _| {
        text(Source::Manifests, "manifest", table)
    }),
    ("handler_priority_between", |table, _| {
        typed(table).map(Subject::Priority)
    }),
    ("helm", |table, test| Ok(Subject::Helm(typed(table)?, test))),
    ("decl", |table, test| {
        Ok(Subject::Declarative(typed(table)?, test))
    }),
    ("os", |table, _| typed(table).map(Subject::Os)),
    ("image_tag", node),
    ("package", node),
    ("architecture", node),
    ("open_files_le", node),
    ("modified_file", node),
    ("cert", |table, _| typed(table).map(Subject::Certificate)),
    ("topology", |table, _| typed(table).map(Subject::Topology)),
    ("source_version", |table, _| {
        typed(table).map(Subject::SourceVersion)
    }),
    ("strategy", |table, _| typed(table).map(Subject::Strategy)),
    ("license", |table, _| typed(table).map(Subject::License)),
    ("data_planes", |table, _| {
        typed(table).map(Subject::DataPlanes)
    }),
];

/// Subjects of which a value can be looked at.
const WITH_A_VALUE: [&str; 6] = [
    "conf_key",
    "conf_key_regex",
    "plugin",
    "entity",
    "helm",
    "decl",
];

fn typed<T: DeserializeOwned>(table: Table) -> Result<T, toml::de::Error> {
    table.try_into()
}

fn setting(table: Table, test: Test) -> Result<Subject, toml::de::Error> {
    let probe: SettingProbe = typed(table)?;
    let refused = |why| Err(serde::de::Error::custom(why));
    if probe.unset && (probe.conf_key.is_none() || !test.is_presence()) {
        return refused("what is not set has no value, and is named by its key");
    }
    if probe.preset.is_some() && (probe.conf_key.is_none() || test.is_presence()) {
        return refused("a default means nothing where no value is demanded of a named key");
    }
    Ok(Subject::Setting(probe, test))
}

fn node(table: Table, _: Test) -> Result<Subject, toml::de::Error> {
    typed(table).map(Subject::Node)
}

/// The key of a text's subject is what is looked for.
fn text(source: Source, key: &str, mut table: Table) -> Result<Subject, toml::de::Error> {
    if let Some(pattern) = table.remove(key) {
        table.insert("pattern".to_owned(), pattern);
    }
    Ok(Subject::Text(source, typed(table)?))
}

impl TryFrom<Table> for Detect {
    type Error = DetectError;

    fn try_from(mut table: Table) -> Result<Self, DetectError> {
        let and = further(&mut table, "and")?;
        let or = further(&mut table, "or")?;
        let unless = further(&mut table, "unless")?;
        let subjects = SUBJECTS.iter().filter(|(key, _)| table.contains_key(*key));
        let subjects: Vec<&(&'static str, Parse)> = subjects.collect();
        let [(key, parse)] = subjects[..] else {
            let found = subjects.iter().map(|(key, _)| *key).collect();
            return Err(DetectError::Subject { found });
        };
        let unreadable = |source| DetectError::Unreadable { key, source };
        let mut demanded = Table::new();
        for name in Test::KEYS {
            if let Some(value) = table.remove(name) {
                demanded.insert(name.to_owned(), value);
            }
        }
        if !demanded.is_empty() && !WITH_A_VALUE.contains(key) {
            return Err(DetectError::Valueless(key));
        }
        let test: Test = typed(demanded).map_err(unreadable)?;
        if test.is_null && !["plugin", "entity"].contains(key) {
            return Err(DetectError::Valueless(key));
        }
        let subject = parse(table, test).map_err(unreadable)?;
        Ok(Self {
            subject,
            and,
            or,
            unless,
        })
    }
}

/// The tables of `and` or `or`.
fn further(table: &mut Table, key: &'static str) -> Result<Vec<Detect>, DetectError> {
    let tables = match table.remove(key) {
        None => Vec::new(),
        Some(toml::Value::Array(tables)) => tables,
        Some(one) => vec![one],
    };
    let detects = tables.into_iter().map(|one| match one {
        toml::Value::Table(table) => Detect::try_from(table),
        _ => Err(DetectError::Further(key)),
    });
    detects.collect()
}
