//! Adapting the files of nodes by change sets.

mod files;
mod kept;
mod rebase;
mod set;

use std::collections::BTreeMap;

use self::kept::{forget_plan, keep_plan, kept_plan};
use crate::change_set::{Conflict, Files, Kind, Location, Plan, Why, record, replay, review, undo};
use crate::environment::{Node, PackageDriver, Service};
use crate::gateway::adapting::unmarked;
use crate::gateway::live::{Live, private_file};
use crate::gateway::{Adaptation, Adapted, Adapting, Failure, Kong as _, Rebased, Recorded};

impl Adapting for Live {
    async fn adaptation(&self, node: &str, change_set: &str) -> Result<Adaptation, Failure> {
        let set = self.change_set(change_set)?;
        let found = self.node(node).await?.1.into_owned();
        let current = self.files_of_set(&found, &set).await?;
        let planned = replay(&set.set, &current, &self.secrets_of(&set).await?);
        let (writes, conflicts) = match planned {
            Ok(plan) => (locations(&plan), Vec::new()),
            Err(conflicts) => (Vec::new(), conflicts),
        };
        let is_later = |conflict: &Conflict| is_seen_later(conflict, &found, &current);
        let (later, conflicts): (Vec<_>, Vec<_>) = conflicts.into_iter().partition(is_later);
        let touched = set.set.touched().map(|touched| {
            let file = current.files.get(&touched.location);
            (touched.location.to_string(), file.map(set::told_of_file))
        });
        Ok(Adaptation {
            files: touched.collect(),
            writes,
            conflicts: conflicts.iter().map(told).collect(),
            later: later.iter().map(ToString::to_string).collect(),
            code: set.unlisted_code(),
            change_set: set.digest,
        })
    }

    async fn adapt(&self, node: &str, change_set: &str) -> Result<Vec<String>, Failure> {
        let set = self.change_set(change_set)?;
        let found = self.node(node).await?.1.into_owned();
        let current = self.files_of_set(&found, &set).await?;
        let secrets = self.secrets_of(&set).await?;
        let rest = replay(&set.set, &current, &secrets)
            .map_err(|conflicts| refused(node, change_set, &conflicts))?;
        // What an attempt that was killed had begun is gone on with: what was there before it stays the way back.
        let path = self.adapted_file(node, change_set);
        let begun = kept_plan(&path)?.unwrap_or_default();
        let whole = continued(begun, &rest);
        keep_plan(&path, &whole)?;
        self.write(node, &rest).await?;
        self.reload_unit_of(node, &whole).await?;
        let after = self.files_of_set(&found, &set).await?;
        match replay(&set.set, &after, &secrets) {
            Ok(left) if left.is_empty() => {}
            Ok(left) => {
                let message = format!(
                    "`{node}` was adapted, and is not: {}",
                    locations(&left).join(", ")
                );
                return Err(Failure::new("config.unwritable", message).hint(
                    "something else writes there, such as configuration management: pause it",
                ));
            }
            Err(conflicts) => return Err(refused(node, change_set, &conflicts)),
        }
        // Kong makes nginx's configuration of all of it, and says what it cannot read.
        self.prepared(node).await?;
        Ok(locations(&rest))
    }

    async fn adapted(&self, node: &str, change_set: &str) -> Result<Adapted, Failure> {
        match kept_plan(&self.adapted_file(node, change_set))? {
            Some(plan) => self.how_far(node, &plan).await,
            None => Ok(Adapted::NotAtAll),
        }
    }

    async fn put_files_back(&self, node: &str, change_set: &str) -> Result<(), Failure> {
        let path = self.adapted_file(node, change_set);
        let Some(plan) = kept_plan(&path)? else {
            // It failed before it began.
            return Ok(());
        };
        let current = self.files_of_plan(node, &plan).await?;
        let back =
            undo(&plan, &current).map_err(|conflicts| refused(node, change_set, &conflicts))?;
        self.clear_beside(node, &plan).await?;
        self.write(node, &back).await?;
        self.reload_unit_of(node, &plan).await?;
        // Another attempt keeps what it finds then.
        forget_plan(&path)
    }

    async fn templates(&self, node: &str) -> Result<BTreeMap<String, Option<String>>, Failure> {
        self.templates_as_they_are(node).await
    }

    async fn rebase(&self, node: &str) -> Result<Rebased, Failure> {
        self.rebase_of(node).await
    }

    async fn rebased(&self, node: &str) -> Result<Adapted, Failure> {
        self.rebased_of(node).await
    }

    async fn put_templates_back(&self, node: &str) -> Result<(), Failure> {
        self.unrebase(node).await
    }

    async fn mark_files(&self, node: &str) -> Result<usize, Failure> {
        let found = self.node(node).await?.1.into_owned();
        let locations = self.locations(&found).await?;
        let version = self.installed_version(node).await?;
        let files = self.files_at(&found, &locations, &[version]).await?;
        self.keep_mark(node, &files)?;
        Ok(files.files.len())
    }

    async fn marked_files(&self, node: &str) -> Result<Option<usize>, Failure> {
        Ok(self.kept_mark(node)?.map(|marked| marked.files.len()))
    }

    async fn record_changes(&self, node: &str, change_set: &str) -> Result<Recorded, Failure> {
        let named = self.named_change_set(change_set)?;
        let marked = self.kept_mark(node)?.ok_or_else(|| unmarked(node))?;
        let found = self.node(node).await?.1.into_owned();
        let now = self.locations(&found).await?;
        let versions = [marked.version, self.installed_version(node).await?];
        let mut after = self.files_at(&found, &now, &versions).await?;
        // Where packages replace each other, the one before is not there any more.
        after.releases.extend(marked.releases);
        let before = Files {
            files: marked.files,
            version: marked.version,
            ..after.clone()
        };
        let seal = self.seal(change_set).await?;
        let set = record(&before, &after, &seal);
        let text = set.to_toml();
        let kept = std::fs::read_to_string(&named.file).ok();
        if kept.as_ref().is_some_and(|kept| *kept != text) {
            let message = format!(
                "there is another change set in `{}` already",
                named.file.display()
            );
            return Err(Failure::new("config.recorded", message)
                .hint("move it away, or name another file under `[change_sets]`"));
        }
        if kept.is_none() {
            private_file::write(&named.file, &text).map_err(|error| {
                let message = format!("cannot write `{}`: {error}", named.file.display());
                Failure::new("storage.unusable", message)
            })?;
        }
        Ok(Recorded {
            change_set: set::digest(&text),
            files: set.touched().count(),
            review: review(&set),
        })
    }
}

impl Live {
    /// How far a plan is carried out.
    async fn how_far(&self, node: &str, plan: &Plan) -> Result<Adapted, Failure> {
        let current = self.files_of_plan(node, plan).await?;
        // Where no file is written yet, one may lie beside its place: going back takes that away.
        let is_whole = plan.writes.iter().all(|write| {
            let found = current.files.get(&write.location);
            found.map(set::told_of_file) == write.after.as_ref().map(set::told_of_file)
        });
        Ok(
            if is_whole && !self.goes_by_another_unit(node, plan).await? {
                Adapted::Wholly
            } else {
                Adapted::Partly
            },
        )
    }

    /// Has systemd read a node's unit again, where a plan is about that: it goes by what it read before, and such a unit is not started.
    async fn reload_unit_of(&self, node: &str, plan: &Plan) -> Result<(), Failure> {
        let found = self.node(node).await?.1.into_owned();
        match &found.service {
            Service::Systemd(_) if is_about_unit(plan) => {
                let host = self.host(&found).await?;
                self.reload_units(&host, &found).await
            }
            Service::Systemd(_) | Service::Kong => Ok(()),
        }
    }

    /// Whether a plan is about a node's unit, and systemd has not read its files since they changed.
    async fn goes_by_another_unit(&self, node: &str, plan: &Plan) -> Result<bool, Failure> {
        let found = self.node(node).await?.1.into_owned();
        match &found.service {
            Service::Systemd(unit) if is_about_unit(plan) => {
                let host = self.host(&found).await?;
                let read = self.unit(&host, &found, unit).await?;
                Ok(read.unit.needs_reload)
            }
            Service::Systemd(_) | Service::Kong => Ok(false),
        }
    }

    /// Writes files in the order of a plan.
    async fn write(&self, node: &str, plan: &Plan) -> Result<(), Failure> {
        let found = self.node(node).await?.1.into_owned();
        for write in &plan.writes {
            let path = files::path_of(&found, &write.location).ok_or_else(|| {
                let message = format!("the node `{node}` has no file `{}`", write.location);
                Failure::new("config.place", message)
            })?;
            self.put_file(&found, &path, write.after.as_ref()).await?;
        }
        Ok(())
    }

    /// Takes away what a killed attempt left beside the places of a plan's files.
    async fn clear_beside(&self, node: &str, plan: &Plan) -> Result<(), Failure> {
        let found = self.node(node).await?.1.into_owned();
        for write in &plan.writes {
            if let Some(path) = files::path_of(&found, &write.location) {
                self.remove_beside(&found, &path).await?;
            }
        }
        Ok(())
    }

    async fn files_of_plan(&self, node: &str, plan: &Plan) -> Result<Files, Failure> {
        let found = self.node(node).await?.1.into_owned();
        let locations: Vec<Location> = plan
            .writes
            .iter()
            .map(|write| write.location.clone())
            .collect();
        self.files_at(&found, &locations, &[]).await
    }
}

fn is_about_unit(plan: &Plan) -> bool {
    let mut writes = plan.writes.iter();
    writes.any(|write| files::kind_of(&write.location) == Kind::Unit)
}

/// The writes of a plan that was begun with those of `rest` behind them: what a file was before the first of them is what it goes back to.
fn continued(mut begun: Plan, rest: &Plan) -> Plan {
    for write in &rest.writes {
        match begun
            .writes
            .iter_mut()
            .find(|one| one.location == write.location)
        {
            Some(one) => one.after.clone_from(&write.after),
            None => begun.writes.push(write.clone()),
        }
    }
    begun
}

/// Whether the template of a release is all that is missing, and comes with the package that is to be installed: where packages replace each
/// other, there is one release at a time.
fn is_seen_later(conflict: &Conflict, node: &Node, files: &Files) -> bool {
    let is_beside = matches!(node.packages, PackageDriver::Prefix(_));
    matches!(&conflict.why, Why::NoRelease { version, .. } if !is_beside && *version != files.version)
}

fn locations(plan: &Plan) -> Vec<String> {
    plan.writes
        .iter()
        .map(|write| write.location.to_string())
        .collect()
}

fn refused(node: &str, change_set: &str, conflicts: &[Conflict]) -> Failure {
    Adaptation {
        conflicts: conflicts.iter().map(told).collect(),
        ..Adaptation::default()
    }
    .conflict(node, change_set)
}

fn told(conflict: &Conflict) -> String {
    format!("{conflict}: {}", conflict.remedy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change_set::{File, Mode, Owner, Write};

    fn write(path: &str, before: Option<&str>, after: Option<&str>) -> Write {
        let file = |text: &str| File {
            kind: Kind::Other,
            bytes: text.into(),
            mode: Mode::of(0o644),
            owner: Owner::new("root", "root").expect("names"),
        };
        Write {
            location: Location::new("plugins", path).expect("a location"),
            before: before.map(file),
            after: after.map(file),
        }
    }

    #[test]
    fn what_is_gone_on_with_goes_back_to_what_was_there_first() {
        let begun = Plan {
            writes: vec![write("a", Some("old"), Some("new"))],
        };
        let rest = Plan {
            writes: vec![
                write("a", Some("new"), Some("newer")),
                write("b", None, Some("added")),
            ],
        };
        let wanted = [
            write("a", Some("old"), Some("newer")),
            write("b", None, Some("added")),
        ];
        assert_eq!(continued(begun, &rest).writes, wanted);
    }
}
