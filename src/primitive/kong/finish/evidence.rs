//! What the run itself must have proven before it may finish: the same binary as `up`, every node in rotation, a clean comparison.

use std::time::Duration;

use serde::Deserialize as _;
use serde_json::json;

use super::{Finish, rotation};
use crate::gateway::Gateway;
use crate::primitive::{Failure, History, Intent, Migrated, Past, Primitive as _};

impl Finish {
    /// The `kong` that finishes is the one that did `up`, and sees the schema as that left it. A wrong one finishes another upgrade's
    /// migrations and exits 0.
    pub(super) async fn require_same_binary(
        &self,
        world: &impl Gateway,
        history: &History,
    ) -> Result<Vec<String>, Failure> {
        let migrated = self
            .up(history)
            .and_then(|(up, _)| Migrated::deserialize(&up.outcome).ok());
        let unrecorded = || {
            let text = "this run holds no record of the `up` of this database, so whether the same `kong` did it is not known";
            vec![text.to_owned()]
        };
        let Some((migrated, version)) =
            migrated.and_then(|migrated| Some((migrated.state, migrated.version?)))
        else {
            return Ok(unrecorded());
        };
        let installed = world.installed_version(self.node()).await?;
        if installed != version {
            let message = format!("{version} did `up`, and {installed} would finish");
            return Err(Failure::new("kong.finish.other_binary", message)
                .hint("install the version that did `up`"));
        }
        let state = world.migration_state(self.node()).await?;
        if state != migrated {
            let message = "the schema is not at the revision that `up` left it at";
            return Err(Failure::new("kong.finish.other_revision", message)
                .hint("somebody else has migrated since; find out who before going on")
                .details(json!({ "after_up": migrated, "now": state })));
        }
        Ok(Vec::new())
    }

    /// Every node was proven out of rotation, has been in rotation since for the time to bake, and still is; and the configuration
    /// was compared after `up`. Everything that is missing is named at once.
    pub(super) async fn require_proven_nodes(
        &self,
        world: &impl Gateway,
        history: &History,
    ) -> Result<(), Failure> {
        let bake = Duration::from_millis(self.bake);
        let missing = |node: &String| rotation::missing(node, &history.steps, world.now(), bake);
        let mut all: Vec<String> = self.serving().iter().filter_map(missing).collect();
        for node in self.serving() {
            let found = world.rotation(node).await?;
            if !found.serves() {
                all.push(format!("`{node}` is not in rotation"));
            }
        }
        let since = self
            .up(history)
            .map_or(history.steps.as_slice(), |(_, since)| since);
        let compared = |past: &Past| matches!(&past.intent, Intent::Compare(compare) if self.nodes.contains(&compare.node));
        if !since.iter().any(compared) {
            all.push("the configuration was not compared after `up` (`kong::compare`)".to_owned());
        }
        if all.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            "kong.finish.unproven",
            format!(
                "what speaks for the point of no return is not complete: {}",
                all.join("; ")
            ),
        )
        .hint("drain, poll, admit, wait, poll and compare first, as the playbook `in-place` does")
        .details(json!(all)))
    }

    /// What was written into the configuration since `up`, while it was to be held still: the way back would lose it, and whoever
    /// wrote it may not know of the upgrade.
    pub(super) async fn doubt_writes(
        &self,
        world: &impl Gateway,
        history: &History,
    ) -> Result<Vec<String>, Failure> {
        let after_up = self
            .up(history)
            .and_then(|(up, _)| Migrated::deserialize(&up.outcome).ok()?.content);
        let (Some(after_up), true) = (after_up, self.is_frozen(&history.steps)) else {
            return Ok(Vec::new());
        };
        let now = world.content_digest(&self.database).await?;
        if now.configuration == after_up.configuration {
            return Ok(Vec::new());
        }
        // With the digest, so that an approval does not answer for what is written after it.
        let digest: String = now.configuration.chars().take(12).collect();
        let cluster = &self.cluster;
        Ok(vec![format!(
            "the configuration of `{cluster}` was changed after `up`, while it was held still (it is {digest} now)"
        )])
    }

    fn is_frozen(&self, steps: &[Past]) -> bool {
        steps.iter().enumerate().any(|(at, past)| {
            matches!(&past.intent, Intent::Freeze(freeze)
                if freeze.database == self.database && freeze.stands(&[], &steps[at + 1..]))
        })
    }

    /// The `up` of this database, and what came after it.
    fn up<'a>(&self, history: &'a History) -> Option<(&'a Past, &'a [Past])> {
        history.since(|intent| match intent {
            Intent::MigrateUp(up) => up.database == self.database,
            Intent::MigrateBeside(up) => up.database == self.database,
            _ => false,
        })
    }
}
