//! Bringing the templates of a node to the installed release, and back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::kept::{Marked, forget_plan, keep_plan, kept_plan};
use super::set::told_of_file;
use crate::change_set::{File, Files, Location, Plan, WhyLeft, rebase_templates, undo};
use crate::environment::Node;
use crate::gateway::adapting::unmarked;
use crate::gateway::live::{Live, private_file};
use crate::gateway::{Adapted, Failure, Kong as _, Rebased};

impl Live {
    pub(super) async fn templates_as_they_are(
        &self,
        node: &str,
    ) -> Result<BTreeMap<String, Option<String>>, Failure> {
        let files = self.templates_of(node).await?.0.files.into_iter();
        let told = files.map(|(location, file)| (location.to_string(), Some(told_of_file(&file))));
        Ok(told.collect())
    }

    pub(super) async fn rebase_of(&self, node: &str) -> Result<Rebased, Failure> {
        let (mut files, marked) = self.templates_of(node).await?;
        let path = self.rebased_file(node);
        // What an attempt that was killed had begun is gone on with: what was there before it stays the way back, and what it is made of.
        let begun = kept_plan(&path)?.unwrap_or_default();
        as_before(&begun, &mut files, &marked.files);
        let templates = rebase_templates(&files, marked.version);
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

    /// The templates that a node declares, and what was marked of it.
    async fn templates_of(&self, node: &str) -> Result<(Files, Marked), Failure> {
        let marked = self.kept_mark(node)?.ok_or_else(|| unmarked(node))?;
        let found = self.node(node).await?.1.into_owned();
        let locations = self.templates_declared(&found).await?;
        let installed = self.installed_version(node).await?;
        let mut files = self.files_at(&found, &locations, &[installed]).await?;
        files.releases.extend(marked.releases.iter().cloned());
        Ok((files, marked))
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

/// Puts what was there before `begun` in the place of what it has written since the files were marked: a merge with its own outcome may find
/// conflicts that there are none. What was marked after it is to be brought on as it is.
fn as_before(begun: &Plan, files: &mut Files, marked: &BTreeMap<Location, File>) {
    let told = |file: Option<&File>| file.map(told_of_file);
    for write in &begun.writes {
        let found = told(files.files.get(&write.location));
        let is_written = found == told(write.after.as_ref());
        if is_written
            && found != told(marked.get(&write.location))
            && let Some(before) = &write.before
        {
            files.files.insert(write.location.clone(), before.clone());
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change_set::{Kind, Mode, Owner, ReleaseTemplate};
    use crate::host::unit::Comments;
    use crate::kong::Version;

    const FROM: Version = Version::new(2, 8, 5);
    const TO: Version = Version::new(3, 4, 2);

    fn location() -> Location {
        Location::new("template", "nginx.lua").expect("a location")
    }

    fn file(text: &str) -> File {
        File {
            kind: Kind::Template {
                name: "nginx.lua".to_owned(),
            },
            bytes: text.into(),
            mode: Mode::of(0o644),
            owner: Owner::new("root", "root").expect("names"),
        }
    }

    fn node(text: &str) -> Files {
        let release = |version, text: &str| ReleaseTemplate {
            name: "nginx.lua".to_owned(),
            version,
            text: text.to_owned(),
        };
        Files {
            version: TO,
            comments: Comments::RunOn,
            files: BTreeMap::from([(location(), file(text))]),
            releases: vec![release(FROM, "\n"), release(TO, "|\n\n")],
        }
    }

    #[test]
    fn what_was_written_before_a_crash_is_made_again_of_what_was_there() {
        let operator = "\n\n";
        let begun = rebase_templates(&node(operator), FROM).plan;
        let mut written = begun.applied_to(&node(operator));
        // So it would be left to a person, who has nothing to decide.
        assert_eq!(rebase_templates(&written, FROM).left.len(), 1);
        let marked = node(operator).files;
        as_before(&begun, &mut written, &marked);
        let again = rebase_templates(&written, FROM);
        assert_eq!((again.plan, again.left.len()), (begun.clone(), 0));
        // Marked since, it is what the next release is brought to.
        let mut next = begun.applied_to(&node(operator));
        let marked = next.files.clone();
        as_before(&begun, &mut next, &marked);
        assert_eq!(next.files, marked);
    }
}
