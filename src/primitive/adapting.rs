//! `config.mark`, `config.record`, `config.review` and `config.adapt`: the files of nodes, by change sets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Look, Primitive, Settled};
use crate::gateway::{Adaptation, Adapted, Gateway, Recorded};

/// What a change set would do on nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewChanges {
    /// The nodes.
    pub nodes: Vec<String>,
    /// The change set.
    pub change_set: String,
}

impl Look for ReviewChanges {
    type Answer = Adaptation;
    const VERB: &'static str = "config.review";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Adaptation, Failure> {
        world.adaptation(target, &self.change_set).await
    }
}

/// The files of a node that a change set touches, as they were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesFound {
    /// The change set, by its digest.
    pub change_set: String,
    /// SHA-256, mode and owner of each, or nothing where there is none.
    pub files: BTreeMap<String, Option<String>>,
    /// Those that are not as they are to be.
    pub writes: Vec<String>,
}

impl From<Adaptation> for FilesFound {
    fn from(adaptation: Adaptation) -> Self {
        Self {
            change_set: adaptation.change_set,
            files: adaptation.files,
            writes: adaptation.writes,
        }
    }
}

/// Adapts the files of nodes as a change set says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapt {
    /// The nodes.
    pub nodes: Vec<String>,
    /// The change set.
    pub change_set: String,
}

impl Primitive for Adapt {
    type Observed = FilesFound;
    type Outcome = Vec<String>;
    const VERB: &'static str = "config.adapt";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "files";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<FilesFound, Failure> {
        Ok(world.adaptation(target, &self.change_set).await?.into())
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &FilesFound,
    ) -> Result<(), Failure> {
        let found = world.adaptation(target, &self.change_set).await?;
        found.refuse(target, &self.change_set)
    }

    fn undo(&self, target: &str, observed: &FilesFound) -> Option<Intent> {
        (!observed.writes.is_empty()).then(|| {
            Intent::PutFilesBack(PutFilesBack {
                nodes: vec![target.to_owned()],
                change_set: self.change_set.clone(),
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &FilesFound,
    ) -> Result<Vec<String>, Failure> {
        world.adapt(target, &self.change_set).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &FilesFound,
    ) -> Result<Settled<Vec<String>>, Failure> {
        // What is written already is left alone when it is done again, and Kong is asked whether it can read all of it.
        Ok(match world.adapted(target, &self.change_set).await? {
            Adapted::NotAtAll if !observed.writes.is_empty() => Settled::NotDone,
            Adapted::NotAtAll | Adapted::Partly | Adapted::Wholly => Settled::Partly,
        })
    }
}

/// Makes the files of nodes again what they were before they were adapted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutFilesBack {
    /// The nodes.
    pub nodes: Vec<String>,
    /// The change set.
    pub change_set: String,
}

impl Primitive for PutFilesBack {
    type Observed = FilesFound;
    type Outcome = ();
    const VERB: &'static str = "config.put_back";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "files";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<FilesFound, Failure> {
        Ok(world.adaptation(target, &self.change_set).await?.into())
    }

    fn undo(&self, target: &str, observed: &FilesFound) -> Option<Intent> {
        observed.writes.is_empty().then(|| {
            Intent::Adapt(Adapt {
                nodes: vec![target.to_owned()],
                change_set: self.change_set.clone(),
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &FilesFound,
    ) -> Result<(), Failure> {
        world.put_files_back(target, &self.change_set).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &FilesFound,
    ) -> Result<Settled<()>, Failure> {
        Ok(match world.adapted(target, &self.change_set).await? {
            Adapted::NotAtAll => Settled::Done(()),
            Adapted::Partly | Adapted::Wholly => Settled::Partly,
        })
    }
}

/// Keeps the files of nodes as they are, so that what is changed afterwards can be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkFiles {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Primitive for MarkFiles {
    type Observed = ();
    type Outcome = usize;
    const VERB: &'static str = "config.mark";
    const EFFECT: Effect = Effect::Own;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(&self, world: &impl Gateway, target: &str, (): &()) -> Result<usize, Failure> {
        world.mark_files(target).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Settled<usize>, Failure> {
        let marked = world.marked_files(target).await?;
        Ok(marked.map_or(Settled::NotDone, Settled::Done))
    }
}

/// Records what was changed in the files of a node since they were marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordChanges {
    /// The node.
    pub node: String,
    /// The change set that is to hold it.
    pub change_set: String,
}

impl Primitive for RecordChanges {
    type Observed = ();
    type Outcome = Recorded;
    const VERB: &'static str = "config.record";
    const EFFECT: Effect = Effect::Own;

    fn targets(&self) -> Vec<String> {
        vec![self.node.clone()]
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Recorded, Failure> {
        world.record_changes(target, &self.change_set).await
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        (): &(),
    ) -> Result<Settled<Recorded>, Failure> {
        // The same recording is written again where it was.
        Ok(Settled::NotDone)
    }
}
