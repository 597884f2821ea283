//! What `traffic.terminate`, `traffic.redirect` and `traffic.canary` share: each puts one plugin on routes or services of a cluster.
//!
//! A plugin is read and written through a node that answers, and read back from every other one that does: all of them must show it.
//! That says nothing of their proxies, which follow by themselves.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::PutBack;
use crate::gateway::redaction::redacted_value;
use crate::gateway::{Gateway, Plugin, PluginOwner, PluginPlace, WriteDenial};
use crate::primitive::{Failure, Intent, Settled};

/// The cluster in whose configuration a plugin is put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The cluster.
    pub cluster: String,
    /// Its database.
    pub database: String,
    /// Its nodes.
    pub nodes: Vec<String>,
}

impl Side {
    /// The names that targets have: those of different clusters are different things.
    pub(super) fn targets(&self, names: &[String]) -> Vec<String> {
        let target = |name| format!("{}/{name}", self.cluster);
        names.iter().map(target).collect()
    }

    /// The plugin at a place, and the first node that tells it.
    async fn ask(
        &self,
        world: &impl Gateway,
        place: &PluginPlace,
    ) -> Result<(&str, Option<Plugin>), Failure> {
        let mut silent = None;
        for node in &self.nodes {
            match world.plugin(node, place).await {
                Ok(found) => return Ok((node, found)),
                Err(failure) if is_silent(&failure) => silent = Some(failure),
                Err(failure) => return Err(failure),
            }
        }
        let nobody = || {
            let message = format!("the cluster `{}` has no nodes", self.cluster);
            Failure::new("kong.admin.unreachable", message)
        };
        Err(silent.unwrap_or_else(nobody))
    }

    /// The plugin at a place. The journal must hold all of it to bring it back, so one with a secret in it is not for us to change.
    pub(super) async fn found(
        &self,
        world: &impl Gateway,
        place: &PluginPlace,
    ) -> Result<Option<Plugin>, Failure> {
        let (_, found) = self.ask(world, place).await?;
        let config = found.as_ref().map(|plugin| json!(plugin.config));
        if config
            .as_ref()
            .is_some_and(|config| redacted_value(config.clone()) != *config)
        {
            let message = format!(
                "{} holds a secret, and the journal would have to hold it too",
                told(place)
            );
            return Err(Failure::new("traffic.plugin.secret", message)
                .hint("take the secret out of its configuration, or change the plugin by hand"));
        }
        Ok(found)
    }

    /// Refuses where the database denies the write.
    pub(super) async fn admits_writes(&self, world: &impl Gateway) -> Result<(), Failure> {
        if world.write_denial(&self.database).await? == WriteDenial::Off {
            return Ok(());
        }
        let message = format!(
            "the configuration of `{}` is frozen: its database denies the write",
            self.cluster
        );
        Err(Failure::new("traffic.plugin.frozen", message)
            .hint("`kong::thaw(cluster)` ends the freeze; put plugins on routes before it"))
    }

    /// Refuses a plugin that a node does not have: with it in their database such a node would answer no request.
    pub(super) async fn has_plugin(
        &self,
        world: &impl Gateway,
        place: &PluginPlace,
    ) -> Result<(), Failure> {
        for node in &self.nodes {
            let available = match world.available_plugins(node).await {
                Ok(available) => available,
                Err(failure) if is_silent(&failure) => continue,
                Err(failure) => return Err(failure),
            };
            if !available.contains(&place.plugin) {
                let message = format!("the node `{node}` has no plugin `{}`", place.plugin);
                return Err(Failure::new("traffic.plugin.unavailable", message)
                    .hint(instead(&place.plugin)));
            }
        }
        Ok(())
    }

    /// Whether a service is reached by this protocol, as the first node that answers tells.
    pub(super) async fn speaks(
        &self,
        world: &impl Gateway,
        place: &PluginPlace,
        protocol: &str,
    ) -> Result<bool, Failure> {
        let (node, _) = self.ask(world, place).await?;
        world.speaks(node, &place.name, protocol).await
    }

    /// Makes a place hold `wanted`, or nothing, where it holds what was found; reads back from every node that answers.
    pub(super) async fn put(
        &self,
        world: &impl Gateway,
        place: &PluginPlace,
        found: Option<&Plugin>,
        wanted: Option<&Plugin>,
    ) -> Result<(), Failure> {
        let (node, now) = self.ask(world, place).await?;
        if !shows(wanted, now.as_ref()) {
            if !shows(found, now.as_ref()) {
                return Err(changed(place));
            }
            match (wanted, &now) {
                (Some(wanted), _) => world.put_plugin(node, place, wanted).await?,
                (None, Some(now)) => world.remove_plugin(node, place, &now.id).await?,
                (None, None) => {}
            }
        }
        for node in &self.nodes {
            match world.plugin(node, place).await {
                Ok(now) if shows(wanted, now.as_ref()) => {}
                Err(failure) if is_silent(&failure) => {}
                Err(failure) => return Err(failure),
                Ok(_) => {
                    let message = format!("`{node}` does not show {} as it was set", told(place));
                    return Err(Failure::new("traffic.plugin.not_set", message).hint(
                        "does something else configure it, and do all nodes use one database?",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A step that puts a plugin on routes or services.
pub(super) trait PutsPlugin {
    /// The plugin's name.
    const PLUGIN: &'static str;
    /// What it is put on.
    const OWNER: PluginOwner;

    /// The cluster.
    fn side(&self) -> &Side;
    /// The routes or services, by name or id.
    fn names(&self) -> &[String];
    /// All that is set in the plugin's configuration; what is not named keeps what it has.
    fn config(&self) -> Map<String, Value>;

    /// What else must hold before the plugin is put there.
    async fn holds(&self, world: &impl Gateway, place: &PluginPlace) -> Result<(), Failure> {
        let _ = (world, place);
        Ok(())
    }

    /// The place that a target stands for.
    fn place(&self, target: &str) -> PluginPlace {
        let cluster = format!("{}/", self.side().cluster);
        PluginPlace {
            owner: Self::OWNER,
            name: target.strip_prefix(&cluster).unwrap_or(target).to_owned(),
            plugin: Self::PLUGIN.to_owned(),
        }
    }

    /// The plugin as it is to be, given the one that was found.
    fn wanted(&self, place: &PluginPlace, found: Option<&Plugin>) -> Plugin {
        let mut config = found.map(|found| found.config.clone()).unwrap_or_default();
        config.extend(self.config());
        let made = || place.id(&self.side().cluster);
        Plugin {
            id: found.map_or_else(made, |found| found.id.clone()),
            enabled: true,
            config,
        }
    }

    /// Refuses what cannot be put there.
    async fn require_at(&self, world: &impl Gateway, target: &str) -> Result<(), Failure> {
        let (side, place) = (self.side(), self.place(target));
        side.admits_writes(world).await?;
        side.has_plugin(world, &place).await?;
        self.holds(world, &place).await
    }

    /// What brings back what was found, where that is something else.
    fn back(&self, target: &str, found: Option<&Plugin>) -> Option<Intent> {
        let place = self.place(target);
        let put = self.wanted(&place, found);
        (!shows(Some(&put), found)).then(|| {
            Intent::PutBack(PutBack {
                side: self.side().clone(),
                place,
                found: found.cloned(),
                put,
            })
        })
    }

    /// Puts the plugin there.
    async fn put_at(
        &self,
        world: &impl Gateway,
        target: &str,
        found: Option<&Plugin>,
    ) -> Result<(), Failure> {
        let place = self.place(target);
        let wanted = self.wanted(&place, found);
        self.side().put(world, &place, found, Some(&wanted)).await
    }

    /// How far that came before a crash: the plugin that it makes is always the same one.
    async fn settle_at(
        &self,
        world: &impl Gateway,
        target: &str,
        found: Option<&Plugin>,
    ) -> Result<Settled<()>, Failure> {
        let place = self.place(target);
        let wanted = self.wanted(&place, found);
        let now = self.side().found(world, &place).await?;
        Ok(if shows(Some(&wanted), now.as_ref()) {
            Settled::Done(())
        } else if shows(found, now.as_ref()) {
            Settled::NotDone
        } else {
            Settled::Unknown(changed(&place).message)
        })
    }
}

/// Implements [`Primitive`](crate::primitive::Primitive) for a [`PutsPlugin`].
macro_rules! puts_plugin {
    ($name:ident, $verb:literal, $effect:expr) => {
        impl Primitive for $name {
            type Observed = Option<Plugin>;
            type Outcome = ();
            const VERB: &'static str = $verb;
            const EFFECT: Effect = $effect;
            const ASPECT: &'static str = <Self as PutsPlugin>::PLUGIN;

            fn targets(&self) -> Vec<String> {
                self.side().targets(self.names())
            }

            async fn observe(
                &self,
                world: &impl Gateway,
                target: &str,
            ) -> Result<Option<Plugin>, Failure> {
                self.side().found(world, &self.place(target)).await
            }

            async fn require(
                &self,
                world: &impl Gateway,
                target: &str,
                _: &Option<Plugin>,
            ) -> Result<(), Failure> {
                self.require_at(world, target).await
            }

            fn undo(&self, target: &str, found: &Option<Plugin>) -> Option<Intent> {
                self.back(target, found.as_ref())
            }

            async fn perform(
                &self,
                world: &impl Gateway,
                target: &str,
                found: &Option<Plugin>,
            ) -> Result<(), Failure> {
                self.put_at(world, target, found.as_ref()).await
            }

            async fn settle(
                &self,
                world: &impl Gateway,
                target: &str,
                found: &Option<Plugin>,
            ) -> Result<Settled<()>, Failure> {
                self.settle_at(world, target, found.as_ref()).await
            }
        }
    };
}

pub(super) use puts_plugin;

/// Whether a place where `now` is has what is `wanted`.
pub(super) fn shows(wanted: Option<&Plugin>, now: Option<&Plugin>) -> bool {
    match (wanted, now) {
        (None, None) => true,
        (Some(wanted), Some(now)) => wanted.is_shown_by(now),
        _ => false,
    }
}

/// Somebody else was there.
pub(super) fn changed(place: &PluginPlace) -> Failure {
    let message = format!("{} was changed by somebody else", told(place));
    Failure::new("traffic.plugin.changed", message).hint(format!(
        "it is left as it is: look at `ADMIN/{}s/{}/plugins`, and set it as the journal says that it was found",
        place.owner.word(),
        place.name
    ))
}

/// A place in words.
fn told(place: &PluginPlace) -> String {
    format!(
        "the plugin `{}` of the {} `{}`",
        place.plugin,
        place.owner.word(),
        place.name
    )
}

/// Whether a node says nothing because it cannot be asked, so that another one may be.
fn is_silent(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "kong.admin.unreachable" | "kong.admin.closed"
    )
}

/// What helps where a plugin is not there.
fn instead(plugin: &str) -> &'static str {
    match plugin {
        "redirect" => {
            "Kong has it since 3.9; before, `traffic::terminate` can tell clients where to go, or the load balancer can send them"
        }
        "canary" => {
            "it comes with Kong Gateway Enterprise, and `plugins` in kong.conf must name it or `bundled`; `traffic::split` shares by node"
        }
        _ => "`plugins` in kong.conf must name it or `bundled`",
    }
}
