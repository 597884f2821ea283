//! `traffic.put_back`: a plugin as it was found, or none where none was. The undo of what puts one on a route or a service.

use serde::{Deserialize, Serialize};

use super::Side;
use super::placing::{changed, shows};
use crate::gateway::{Gateway, Plugin, PluginPlace};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Brings back what was found at a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutBack {
    /// The cluster.
    pub side: Side,
    /// The place.
    pub place: PluginPlace,
    /// What was there.
    pub found: Option<Plugin>,
    /// What was put there, which alone is replaced.
    pub put: Plugin,
}

impl Primitive for PutBack {
    type Observed = Option<Plugin>;
    type Outcome = ();
    const VERB: &'static str = "traffic.put_back";
    const EFFECT: Effect = Effect::StopsTraffic;
    const ASPECT: &'static str = "plugin";

    fn targets(&self) -> Vec<String> {
        self.side.targets(std::slice::from_ref(&self.place.name))
    }

    async fn observe(
        &self,
        world: &impl Gateway,
        _target: &str,
    ) -> Result<Option<Plugin>, Failure> {
        match self.side.found(world, &self.place).await {
            // With the route went its plugins; where there was none, that is as it was found.
            Err(failure) if self.is_gone(&failure) => Ok(None),
            found => found,
        }
    }

    /// What somebody else made of it in between is not ours to overwrite.
    async fn require(
        &self,
        world: &impl Gateway,
        _target: &str,
        now: &Option<Plugin>,
    ) -> Result<(), Failure> {
        let now = now.as_ref();
        if shows(self.found.as_ref(), now) {
            return Ok(());
        }
        if !shows(Some(&self.put), now) {
            return Err(changed(&self.place));
        }
        self.side.admits_writes(world).await
    }

    fn undo(&self, _target: &str, _now: &Option<Plugin>) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        _target: &str,
        now: &Option<Plugin>,
    ) -> Result<(), Failure> {
        let found = self.found.as_ref();
        if shows(found, now.as_ref()) {
            return Ok(());
        }
        self.side
            .put(world, &self.place, Some(&self.put), found)
            .await
    }

    async fn settle(
        &self,
        _: &impl Gateway,
        _: &str,
        _: &Option<Plugin>,
    ) -> Result<Settled<()>, Failure> {
        // It looks before it acts, and what is back already is left alone.
        Ok(Settled::Partly)
    }
}

impl PutBack {
    fn is_gone(&self, failure: &Failure) -> bool {
        self.found.is_none() && failure.code == "traffic.plugin.nowhere"
    }
}
