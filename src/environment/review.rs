//! What a review looks into beside the cluster itself, and what it is to let pass.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Files of one's own that an upgrade can break. Each list may name directories, in which every file is looked at; what is not listed is
/// unknown, and an empty list says that there is none. Relative paths start at the environment file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// Sources of custom plugins.
    pub plugins: Option<Vec<PathBuf>>,
    /// Scripts and pipelines that call Kong's Admin API and commands.
    pub scripts: Option<Vec<PathBuf>>,
    /// nginx templates that Kong is started with (`--nginx-conf`).
    pub templates: Option<Vec<PathBuf>>,
    /// Declarative files, of Kong's or decK's format.
    pub declarative: Option<Vec<PathBuf>>,
    /// Values of Helm releases.
    pub helm: Option<Vec<PathBuf>>,
    /// Kubernetes manifests.
    pub manifests: Option<Vec<PathBuf>>,
    /// The tag of the image that nodes run from; empty for none.
    pub image_tag: Option<String>,
    /// What is known and accepted, until a day.
    pub waivers: Vec<Waiver>,
}

/// An advisory that is known and accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Its id.
    pub advisory: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is, as in `2027-03-31`.
    #[schemars(with = "String")]
    pub until: Date,
}

impl Review {
    /// The same with paths that start at `base`.
    pub(super) fn starting_at(mut self, base: &Path) -> Self {
        let lists = [
            &mut self.plugins,
            &mut self.scripts,
            &mut self.templates,
            &mut self.declarative,
            &mut self.helm,
            &mut self.manifests,
        ];
        for path in lists.into_iter().flatten().flatten() {
            *path = base.join(&*path);
        }
        self
    }
}
