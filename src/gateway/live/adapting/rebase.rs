//! Bringing the templates of a node to the installed release, and back.

use std::path::PathBuf;

use super::kept::{forget_plan, keep_plan, kept_plan};
use super::set::told_of_file;
use crate::change_set::{Files, Location, Templates, WhyLeft, rebase_templates, undo};
use crate::environment::Node;
use crate::gateway::live::{Live, private_file};
use crate::gateway::{Adapted, Failure, Kong as _, Rebased, Rebasing};

impl Live {
    pub(super) async fn rebasing_of(&self, node: &str) -> Result<Rebasing, Failure> {
        let (files, templates) = self.templates_of(node).await?;
        let told = files
            .files
            .iter()
            .map(|(location, file)| (location.to_string(), Some(told_of_file(file))));
        Ok(Rebasing {
            files: told.collect(),
            writes: super::locations(&templates.plan),
        })
    }

    pub(super) async fn rebase_of(&self, node: &str) -> Result<Rebased, Failure> {
        let (_, templates) = self.templates_of(node).await?;
        let path = self.rebased_file(node);
        // What an attempt that was killed had begun is gone on with: what was there before it stays the way back.
        let begun = kept_plan(&path)?.unwrap_or_default();
        keep_plan(&path, &super::continued(begun, &templates.plan))?;
        self.write(node, &templates.plan).await?;
        let mut left: Vec<String> = Vec::new();
        for one in &templates.left {
            let marked = match &one.why {
                WhyLeft::Conflicted(conflicted) => {
                    Some(self.keep_marked(node, &one.location, &conflicted.marked)?)
                }
                WhyLeft::NotText | WhyLeft::NoRelease(_) => None,
            };
            let at = marked.map(|path| format!(", which is in `{}`", path.display()));
            left.push(format!("{one}{}", at.unwrap_or_default()));
        }
        // Kong makes nginx's configuration of it, and nginx says what it cannot read; a person mends that.
        if left.is_empty()
            && let Err(failure) = self.prepared(node).await
        {
            left.push(format!(
                "the installed Kong cannot use what came of it: {}",
                failure.message
            ));
        }
        Ok(Rebased {
            writes: super::locations(&templates.plan),
            left,
        })
    }

    pub(super) async fn rebased_of(&self, node: &str) -> Result<Adapted, Failure> {
        match kept_plan(&self.rebased_file(node))? {
            Some(plan) => self.how_far(node, &plan).await,
            None => Ok(Adapted::NotAtAll),
        }
    }

    pub(super) async fn unrebase(&self, node: &str) -> Result<(), Failure> {
        let path = self.rebased_file(node);
        let Some(plan) = kept_plan(&path)? else {
            // It failed before it began.
            return Ok(());
        };
        let current = self.files_of_plan(node, &plan).await?;
        let back = undo(&plan, &current).map_err(|conflicts| changed_since(node, &conflicts))?;
        self.clear_beside(node, &plan).await?;
        self.write(node, &back).await?;
        forget_plan(&path)
    }

    /// The templates that a node declares, with what is to become of them.
    async fn templates_of(&self, node: &str) -> Result<(Files, Templates), Failure> {
        let marked = self.kept_mark(node)?.ok_or_else(|| super::unmarked(node))?;
        let found = self.node(node).await?.1.into_owned();
        let locations = self.templates_declared(&found).await?;
        let installed = self.installed_version(node).await?;
        let mut files = self.files_at(&found, &locations, &[installed]).await?;
        files.releases.extend(marked.releases);
        let templates = rebase_templates(&files, marked.version);
        Ok((files, templates))
    }

    async fn templates_declared(&self, node: &Node) -> Result<Vec<Location>, Failure> {
        let mut locations = self.locations(node).await?;
        locations.retain(|location| location.place() == "template");
        Ok(locations)
    }

    /// Keeps a text with marks where a person has to decide. It may hold a credential, as the template may.
    fn keep_marked(&self, node: &str, location: &Location, text: &str) -> Result<PathBuf, Failure> {
        let name = location.path().replace('/', "-");
        let path = self.output.join("rebased").join(node).join(name);
        private_file::write(&path, text).map_err(|error| {
            let message = format!("cannot keep a marked template in the storage: {error}");
            Failure::new("storage.unusable", message)
        })?;
        Ok(path)
    }
}

fn changed_since(node: &str, conflicts: &[crate::change_set::Conflict]) -> Failure {
    let told: Vec<String> = conflicts.iter().map(super::told).collect();
    let message = format!(
        "the templates of `{node}` are not as they were left: {}",
        told.join("; ")
    );
    Failure::new("config.conflict", message).hint("nothing was written")
}
