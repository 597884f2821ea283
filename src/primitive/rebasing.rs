//! `config.rebase`: the nginx templates of nodes, brought to the installed release.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Primitive, Settled};
use crate::gateway::{Adapted, Gateway, Rebased};

/// The templates of a node, as they were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplatesFound {
    /// SHA-256, mode and owner of each, or nothing where there is none. What is to become of them depends on the installed release, and so is
    /// no part of it.
    pub files: BTreeMap<String, Option<String>>,
}

/// Makes of the templates of the installed release what somebody made of those of the release before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebaseTemplates {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Primitive for RebaseTemplates {
    type Observed = TemplatesFound;
    type Outcome = Rebased;
    const VERB: &'static str = "config.rebase";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "templates";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<TemplatesFound, Failure> {
        let files = world.templates(target).await?;
        Ok(TemplatesFound { files })
    }

    fn undo(&self, target: &str, observed: &TemplatesFound) -> Option<Intent> {
        (!observed.files.is_empty()).then(|| {
            Intent::PutTemplatesBack(PutTemplatesBack {
                nodes: vec![target.to_owned()],
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &TemplatesFound,
    ) -> Result<Rebased, Failure> {
        world.rebase(target).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &TemplatesFound,
    ) -> Result<Settled<Rebased>, Failure> {
        // What is written already stays so when it is done again.
        Ok(match world.rebased(target).await? {
            Adapted::NotAtAll => Settled::NotDone,
            Adapted::Partly | Adapted::Wholly => Settled::Partly,
        })
    }
}

/// Makes the templates of nodes again what they were before they were brought to another release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutTemplatesBack {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Primitive for PutTemplatesBack {
    type Observed = TemplatesFound;
    type Outcome = ();
    const VERB: &'static str = "config.put_templates_back";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "templates";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<TemplatesFound, Failure> {
        let files = world.templates(target).await?;
        Ok(TemplatesFound { files })
    }

    fn undo(&self, target: &str, observed: &TemplatesFound) -> Option<Intent> {
        (!observed.files.is_empty()).then(|| {
            Intent::RebaseTemplates(RebaseTemplates {
                nodes: vec![target.to_owned()],
            })
        })
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &TemplatesFound,
    ) -> Result<(), Failure> {
        world.put_templates_back(target).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &TemplatesFound,
    ) -> Result<Settled<()>, Failure> {
        Ok(match world.rebased(target).await? {
            Adapted::NotAtAll => Settled::Done(()),
            Adapted::Partly | Adapted::Wholly => Settled::Partly,
        })
    }
}
