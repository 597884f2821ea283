//! `kong.freeze` and `kong.thaw`: nobody writes configuration while it is being moved.

mod held;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use held::with_writes_allowed;

use crate::gateway::{AdminAccess, ContentDigest, Gateway, WriteDenial};
use crate::primitive::{Effect, Failure, Intent, Past, Primitive, Settled};

/// How configuration is kept from changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreezeMode {
    /// It is watched, not frozen: a write puts the run down before the next act that stops traffic.
    Observe,
    /// The database refuses writes to it.
    Deny,
    /// The nodes' Admin APIs are closed.
    AdminOff,
}

/// Begins to hold the configuration still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// The cluster, for messages.
    pub cluster: String,
    /// The cluster's database.
    pub database: String,
    /// How.
    pub mode: FreezeMode,
    /// The nodes whose Admin APIs are closed: with [`FreezeMode::AdminOff`], and where a thaw that ended both is undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
}

/// What holds the configuration still already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What the database does.
    pub denial: WriteDenial,
    /// Whether the Admin API of every node is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

impl Held {
    async fn observe(
        world: &impl Gateway,
        database: &str,
        nodes: &[String],
    ) -> Result<Self, Failure> {
        Ok(Self {
            denial: world.write_denial(database).await?,
            closed: are_closed(world, nodes).await?,
        })
    }
}

/// Whether the Admin API of every one of some nodes is closed.
async fn are_closed(world: &impl Gateway, nodes: &[String]) -> Result<bool, Failure> {
    let mut closed = !nodes.is_empty();
    for node in nodes {
        closed &= world.admin_access(node).await? == AdminAccess::Closed;
    }
    Ok(closed)
}

impl Primitive for Freeze {
    /// What was found; nothing where it is only watched.
    type Observed = Option<Held>;
    /// The configuration as it is from now on.
    type Outcome = ContentDigest;
    const VERB: &'static str = "kong.freeze";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "freeze";

    fn effect(&self) -> Effect {
        match self.mode {
            FreezeMode::Observe => Effect::Read,
            FreezeMode::Deny | FreezeMode::AdminOff => Effect::Change,
        }
    }

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn observe(&self, world: &impl Gateway, _target: &str) -> Result<Option<Held>, Failure> {
        Held::observe(world, &self.database, &self.nodes)
            .await
            .map(Some)
    }

    fn undo(&self, _target: &str, found: &Option<Held>) -> Option<Intent> {
        let thaw = Thaw {
            cluster: self.cluster.clone(),
            database: self.database.clone(),
            nodes: self.nodes.clone(),
            keeps_denial: self.mode == FreezeMode::AdminOff,
        };
        let found = (*found)?;
        // One that somebody else established, such as a run that was abandoned, is left as it was.
        let is_ours = match self.mode {
            FreezeMode::AdminOff => !found.closed,
            FreezeMode::Deny | FreezeMode::Observe => found.denial == WriteDenial::Off,
        };
        is_ours.then_some(Intent::Thaw(thaw))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        _target: &str,
        _found: &Option<Held>,
    ) -> Result<ContentDigest, Failure> {
        if self.mode == FreezeMode::Deny {
            world
                .set_write_denial(&self.database, WriteDenial::On)
                .await?;
        }
        for node in &self.nodes {
            world.close_admin(node).await?;
        }
        world.content_digest(&self.database).await
    }

    fn stands(&self, _before: &[Past], after: &[Past]) -> bool {
        // A later one of the same configuration has a baseline of its own.
        !after.iter().any(|past| match &past.intent {
            Intent::Thaw(thaw) => thaw.database == self.database,
            Intent::Freeze(freeze) => freeze.database == self.database,
            _ => false,
        })
    }

    async fn lapsed(
        &self,
        world: &impl Gateway,
        baseline: ContentDigest,
        _worked: Duration,
    ) -> Result<Option<String>, Failure> {
        let cluster = &self.cluster;
        let in_force = match self.mode {
            FreezeMode::Observe => true,
            FreezeMode::Deny => world.write_denial(&self.database).await? == WriteDenial::On,
            FreezeMode::AdminOff => are_closed(world, &self.nodes).await?,
        };
        if !in_force {
            return Ok(Some(format!(
                "the freeze of `{cluster}` is not in force any more"
            )));
        }
        let now = world.content_digest(&self.database).await?;
        // Migrations rewrite configuration; from then on the baseline after `up` is what counts.
        let written = now.schema == baseline.schema && now.configuration != baseline.configuration;
        Ok(written.then(|| {
            format!(
                "the configuration of `{cluster}` was changed while it was {}",
                self.word()
            )
        }))
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        _found: &Option<Held>,
    ) -> Result<Settled<ContentDigest>, Failure> {
        // Denying again what is denied changes nothing, and so does closing what is closed.
        Ok(Settled::Partly)
    }
}

impl Freeze {
    fn word(&self) -> &'static str {
        match self.mode {
            FreezeMode::Observe => "watched",
            FreezeMode::Deny | FreezeMode::AdminOff => "frozen",
        }
    }
}

/// Ends the freeze or the watching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thaw {
    /// The cluster, for messages.
    pub cluster: String,
    /// The cluster's database.
    pub database: String,
    /// The nodes whose Admin APIs are opened where they are closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// Whether a denial of writes stays: closed Admin APIs are undone, and the denial is somebody else's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps_denial: bool,
}

impl Primitive for Thaw {
    type Observed = Option<Held>;
    type Outcome = ();
    const VERB: &'static str = "kong.thaw";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "freeze";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn observe(&self, world: &impl Gateway, _target: &str) -> Result<Option<Held>, Failure> {
        Held::observe(world, &self.database, &self.nodes)
            .await
            .map(Some)
    }

    fn undo(&self, _target: &str, found: &Option<Held>) -> Option<Intent> {
        let found = (*found)?;
        let denied = found.denial == WriteDenial::On;
        let freeze = Freeze {
            cluster: self.cluster.clone(),
            database: self.database.clone(),
            mode: if denied {
                FreezeMode::Deny
            } else {
                FreezeMode::AdminOff
            },
            nodes: if found.closed {
                self.nodes.clone()
            } else {
                Vec::new()
            },
        };
        (denied || found.closed).then_some(Intent::Freeze(freeze))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        _target: &str,
        found: &Option<Held>,
    ) -> Result<(), Failure> {
        for node in &self.nodes {
            world.open_admin(node).await?;
        }
        if self.keeps_denial || found.is_some_and(|found| found.denial == WriteDenial::Off) {
            return Ok(());
        }
        world
            .set_write_denial(&self.database, WriteDenial::Off)
            .await
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        _found: &Option<Held>,
    ) -> Result<Settled<()>, Failure> {
        Ok(Settled::Partly)
    }
}
