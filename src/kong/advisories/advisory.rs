//! One rule, and all that are shipped.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::detect::Detect;
use crate::kong::Version;

/// The shipped rules.
const SHIPPED: &str = include_str!("../../../stdlib/advisories.toml");

/// Something that changed with a release.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// What it is called.
    pub id: String,
    /// The first release in which the change is in effect.
    pub from: Version,
    /// The first release that no longer has it.
    pub to: Option<Version>,
    /// Further releases that have it: from the first, up to before the second.
    #[serde(default)]
    pub also: Vec<(Version, Version)>,
    /// Whether it holds of every upgrade to `from` or later, and not only of the one that crosses it.
    #[serde(default)]
    pub standing: bool,
    /// Whom it concerns.
    #[serde(default)]
    pub edition: Edition,
    /// What kind of thing changed.
    pub kind: Kind,
    /// The thing that changed: a setting, a plugin, an entity.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// What changed, in a sentence.
    pub summary: String,
    /// What to do.
    pub action: String,
    /// Where that is known from.
    pub source: String,
    /// How to find out whether a cluster is concerned.
    pub detect: Detect,
}

impl Advisory {
    /// Whether going from one version to another crosses the change.
    #[must_use]
    pub fn applies(&self, from: &Version, to: &Version) -> bool {
        let crosses = |first: &Version, gone: Option<&Version>| {
            (self.standing || from < first) && first <= to && gone.is_none_or(|gone| to < gone)
        };
        let crosses = crosses(&self.from, self.to.as_ref())
            || self
                .also
                .iter()
                .any(|(first, gone)| crosses(first, Some(gone)));
        crosses
            && match self.edition {
                Edition::Any => true,
                Edition::Oss => Edition::of(from) == Edition::Oss,
                Edition::Enterprise => Edition::of(to) == Edition::Enterprise,
            }
    }
}

/// Which builds of Kong a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// All.
    #[default]
    Any,
    /// Those of the open source: clusters that come from there.
    Oss,
    /// Those of Enterprise: clusters that go there.
    #[serde(rename = "ee")]
    Enterprise,
}

impl Edition {
    /// That of a version. From 3.10 on there are no builds of the open source.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        if version.build.is_some() || version.is_at_least(3, 10) {
            Self::Enterprise
        } else {
            Self::Oss
        }
    }
}

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The database, or the migrations.
    Db,
    /// A setting of kong.conf.
    Config,
    /// A bundled plugin.
    Plugin,
    /// An entity.
    Entity,
    /// The Admin API.
    AdminApi,
    /// A command.
    Cli,
    /// Declarative files.
    Declarative,
    /// The nginx template.
    Nginx,
    /// Certificates and ciphers.
    Tls,
    /// What custom plugins build on.
    CustomPlugin,
    /// Control planes and data planes.
    Topology,
    /// Packages and images.
    Package,
    /// Kubernetes.
    K8s,
}

/// How bad a change is for whom it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The upgrade fails, or loses data or requests.
    Blocker,
    /// Something behaves otherwise.
    Warning,
    /// Good to know.
    Info,
}

/// Rules that are not as they must be.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// They are no rules.
    #[error("the rules cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// Two have one name.
    #[error("two rules are called `{0}`")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    advisory: Vec<Advisory>,
}

/// The rules of a text.
pub fn parse(text: &str) -> Result<Vec<Advisory>, AdvisoryError> {
    let file: File = toml::from_str(text)?;
    let mut names: Vec<&str> = file.advisory.iter().map(|one| one.id.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(AdvisoryError::Twice(pair[0].to_owned())),
        None => Ok(file.advisory),
    }
}

/// The rules that cutover knows.
#[must_use]
pub fn shipped() -> Vec<Advisory> {
    parse(SHIPPED).expect("what is shipped is read by a test")
}

/// The tables whose rows the shipped rules count.
#[must_use]
pub fn counted_tables() -> BTreeSet<String> {
    let rules = shipped();
    let tables = rules.iter().flat_map(|rule| rule.detect.tables());
    tables.map(str::to_owned).collect()
}
