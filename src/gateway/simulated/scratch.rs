//! Rehearsals in the model: a scratch node is its node with another version and another database, a scratch database is its origin
//! with the content of the copy.

use super::content::Content;
use super::state::missing;
use super::{Database, Happened, Node, Simulated};
use crate::gateway::{Failure, ScratchCopy, ScratchNode, TRIAL_HINT};
use crate::kong::Version;

impl Happened {
    /// Whether this happened to a scratch node or a copy alone.
    pub(super) fn in_rehearsal(&self) -> bool {
        match self {
            Self::Started { node, .. }
            | Self::Stopped { node }
            | Self::Proven { node }
            | Self::Executed { node }
            | Self::Rotated { node, .. } => ScratchNode::named(node).is_some(),
            Self::BackedUp { database }
            | Self::Copied { database }
            | Self::MigratedUp { database, .. }
            | Self::Finished { database, .. }
            | Self::Restored { database, .. } => ScratchCopy::named(database).is_some(),
        }
    }
}

impl Simulated {
    pub(super) fn scratch_node(&self, scratch: &ScratchNode) -> Result<Node, Failure> {
        let node = self.node(&scratch.node, Clone::clone)?;
        self.require_trial(&scratch.node, &scratch.version)?;
        let running = self.look(|state| state.rehearsing.get(&scratch.name()).copied());
        let database = Some(scratch.copy.name());
        Ok(Node {
            // Nobody else listens there.
            proxy: Some(format!("http://{}.scratch", scratch.copy.copy)),
            role: None,
            installed: scratch.version,
            running,
            cluster_database: database.clone(),
            database,
            rotation: None,
            ..node
        })
    }

    /// Refuses a version that cannot be tried for a node.
    pub(super) fn require_trial(&self, name: &str, version: &Version) -> Result<(), Failure> {
        let there = self.node(name, |node| node.trial_versions().to_vec())?;
        if there.contains(version) {
            return Ok(());
        }
        let there: Vec<String> = there.iter().map(ToString::to_string).collect();
        let message = format!(
            "{version} cannot be tried for the node `{name}`, where {} can",
            there.join(", ")
        );
        Err(Failure::new("packages.trial", message).hint(TRIAL_HINT))
    }

    pub(super) fn change_scratch_node(
        &self,
        scratch: &ScratchNode,
        change: impl FnOnce(&mut Node),
    ) -> Result<(), Failure> {
        let mut node = self.scratch_node(scratch)?;
        change(&mut node);
        self.change(|state| match node.running {
            Some(version) => {
                state.rehearsing.insert(scratch.name(), version);
            }
            None => {
                state.rehearsing.remove(&scratch.name());
            }
        });
        Ok(())
    }

    pub(super) fn scratch_database(&self, scratch: &ScratchCopy) -> Result<Database, Failure> {
        let content = self
            .look(|state| state.copies.get(&scratch.copy).cloned())
            .ok_or_else(|| missing("database", &scratch.name()))?;
        // Kong's lock is not in the copy: it is emptied when it is restored.
        let mut database = self.database(&content.database, Clone::clone)?;
        database.migration_lock = false;
        content.content.put_into(&mut database);
        Ok(database)
    }

    pub(super) fn change_scratch_database<T>(
        &self,
        scratch: &ScratchCopy,
        change: impl FnOnce(&mut Database) -> T,
    ) -> Result<T, Failure> {
        let mut database = self.scratch_database(scratch)?;
        let changed = change(&mut database);
        self.change(|state| {
            if let Some(copy) = state.copies.get_mut(&scratch.copy) {
                copy.content = Content::of(&database);
            }
        });
        Ok(changed)
    }
}
