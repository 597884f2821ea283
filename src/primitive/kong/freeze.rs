//! `kong.freeze` and `kong.thaw`: nobody writes configuration while it is being moved.

mod held;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use held::with_writes_allowed;

use crate::gateway::{ContentDigest, Gateway, WriteDenial};
use crate::primitive::{Effect, Failure, Intent, Past, Primitive, Settled};

/// How configuration is kept from changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreezeMode {
    /// It is watched, not frozen: a write puts the run down before the next act that stops traffic.
    Observe,
    /// The database refuses writes to it.
    Deny,
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
}

impl Primitive for Freeze {
    /// What was found; nothing where it is only watched.
    type Observed = Option<WriteDenial>;
    /// The configuration as it is from now on.
    type Outcome = ContentDigest;
    const VERB: &'static str = "kong.freeze";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "freeze";

    fn effect(&self) -> Effect {
        match self.mode {
            FreezeMode::Observe => Effect::Read,
            FreezeMode::Deny => Effect::Change,
        }
    }

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn observe(
        &self,
        world: &impl Gateway,
        _target: &str,
    ) -> Result<Option<WriteDenial>, Failure> {
        world.write_denial(&self.database).await.map(Some)
    }

    fn undo(&self, _target: &str, found: &Option<WriteDenial>) -> Option<Intent> {
        let thaw = Thaw {
            cluster: self.cluster.clone(),
            database: self.database.clone(),
        };
        // One that somebody else established, such as a run that was abandoned, is left as it was.
        (*found == Some(WriteDenial::Off)).then_some(Intent::Thaw(thaw))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        _target: &str,
        _found: &Option<WriteDenial>,
    ) -> Result<ContentDigest, Failure> {
        if self.mode == FreezeMode::Deny {
            world
                .set_write_denial(&self.database, WriteDenial::On)
                .await?;
        }
        world.content_digest(&self.database).await
    }

    fn stands(&self, _before: &[Past], after: &[Past]) -> bool {
        !after.iter().any(
            |past| matches!(&past.intent, Intent::Thaw(thaw) if thaw.database == self.database),
        )
    }

    async fn lapsed(
        &self,
        world: &impl Gateway,
        baseline: ContentDigest,
        _worked: Duration,
    ) -> Result<Option<String>, Failure> {
        let cluster = &self.cluster;
        if self.mode == FreezeMode::Deny
            && world.write_denial(&self.database).await? != WriteDenial::On
        {
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
        _found: &Option<WriteDenial>,
    ) -> Result<Settled<ContentDigest>, Failure> {
        // Denying again what is denied changes nothing.
        Ok(Settled::Partly)
    }
}

impl Freeze {
    fn word(&self) -> &'static str {
        match self.mode {
            FreezeMode::Observe => "watched",
            FreezeMode::Deny => "frozen",
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
}

impl Primitive for Thaw {
    type Observed = Option<WriteDenial>;
    type Outcome = ();
    const VERB: &'static str = "kong.thaw";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "freeze";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn observe(
        &self,
        world: &impl Gateway,
        _target: &str,
    ) -> Result<Option<WriteDenial>, Failure> {
        world.write_denial(&self.database).await.map(Some)
    }

    fn undo(&self, _target: &str, found: &Option<WriteDenial>) -> Option<Intent> {
        let freeze = Freeze {
            cluster: self.cluster.clone(),
            database: self.database.clone(),
            mode: FreezeMode::Deny,
        };
        (*found == Some(WriteDenial::On)).then_some(Intent::Freeze(freeze))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        _target: &str,
        found: &Option<WriteDenial>,
    ) -> Result<(), Failure> {
        if *found == Some(WriteDenial::Off) {
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
        _found: &Option<WriteDenial>,
    ) -> Result<Settled<()>, Failure> {
        Ok(Settled::Partly)
    }
}
