//! `kong.parse_declarative`, `kong.keep_declarative` and `kong.send_declarative`: the configuration of DB-less nodes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gateway::{Gateway, KeptDeclarative, NO_CONFIGURATION};
use crate::kong::Version;
use crate::primitive::{Effect, Failure, Intent, Look, Primitive, Settled};

/// Whether a version can read the declarative files of nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParseDeclarative {
    /// The nodes, each with its file.
    pub nodes: Vec<String>,
    /// The version that is to read them.
    pub version: Version,
}

impl Look for ParseDeclarative {
    type Answer = ();
    const VERB: &'static str = "kong.parse_declarative";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<(), Failure> {
        world.parse_declarative(target, &self.version).await
    }
}

/// What a DB-less node has, as far as it stays the same when it is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclarativeFound {
    /// Whether it has a configuration at all.
    pub is_there: bool,
    /// Its entities by kind.
    pub entities: BTreeMap<String, u64>,
}

async fn found(world: &impl Gateway, node: &str) -> Result<DeclarativeFound, Failure> {
    let hash = world.admin_status(node).await?.configuration_hash;
    Ok(DeclarativeFound {
        is_there: hash.is_some_and(|hash| hash != NO_CONFIGURATION),
        entities: world.entities(node).await?,
    })
}

/// Keeps what DB-less nodes were sent, so that it can be sent to them again. On the way back it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepDeclarative {
    /// The nodes.
    pub nodes: Vec<String>,
}

impl Primitive for KeepDeclarative {
    type Observed = DeclarativeFound;
    type Outcome = KeptDeclarative;
    const VERB: &'static str = "kong.keep_declarative";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "declarative";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(
        &self,
        world: &impl Gateway,
        target: &str,
    ) -> Result<DeclarativeFound, Failure> {
        found(world, target).await
    }

    async fn require(
        &self,
        _world: &impl Gateway,
        target: &str,
        observed: &DeclarativeFound,
    ) -> Result<(), Failure> {
        if observed.is_there {
            return Ok(());
        }
        let message = format!("`{target}` has no configuration that could be kept");
        Err(Failure::new("kong.declarative.none", message).hint(
            "send it one before it is upgraded: an empty node cannot be told from one that lost it",
        ))
    }

    fn undo(&self, target: &str, _observed: &DeclarativeFound) -> Option<Intent> {
        Some(Intent::SendDeclarative(SendDeclarative {
            nodes: vec![target.to_owned()],
            where_kept: true,
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &DeclarativeFound,
    ) -> Result<KeptDeclarative, Failure> {
        world.keep_declarative(target).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _: &DeclarativeFound,
    ) -> Result<Settled<KeptDeclarative>, Failure> {
        let kept = world.kept_declarative(target).await?;
        Ok(kept.map_or(Settled::NotDone, Settled::Done))
    }
}

/// Sends DB-less nodes what was kept of them.
///
/// It has no undo of its own: what was kept is sent again by the undo of the step that kept it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendDeclarative {
    /// The nodes.
    pub nodes: Vec<String>,
    /// Whether one of which nothing was kept is left as it is: on the way back from a step that failed before it kept anything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub where_kept: bool,
}

impl Primitive for SendDeclarative {
    type Observed = DeclarativeFound;
    type Outcome = Option<String>;
    const VERB: &'static str = "kong.send_declarative";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "declarative";

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(
        &self,
        world: &impl Gateway,
        target: &str,
    ) -> Result<DeclarativeFound, Failure> {
        found(world, target).await
    }

    fn undo(&self, _target: &str, _observed: &DeclarativeFound) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &DeclarativeFound,
    ) -> Result<Option<String>, Failure> {
        if self.where_kept && world.kept_declarative(target).await?.is_none() {
            return Ok(None);
        }
        world.send_declarative(target).await.map(Some)
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        _: &DeclarativeFound,
    ) -> Result<Settled<Option<String>>, Failure> {
        // A node that has it takes it again.
        Ok(Settled::Partly)
    }
}
