//! `traffic.canary`: a share of one service's requests goes to another upstream.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Side;
use super::placing::{PutsPlugin, puts_plugin};
use crate::gateway::{Gateway, Plugin, PluginOwner, PluginPlace};
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Sends a share of the requests to a service elsewhere, with Enterprise's plugin `canary`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// The cluster.
    pub side: Side,
    /// The service, by name or id.
    pub service: String,
    /// 0 to 100.
    pub percent: u8,
    /// The protocol of the other upstream, which is always the service's own.
    pub protocol: String,
    /// The other upstream: a host, or the name of an Upstream.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// By what a client keeps its place: `consumer`, `ip`, or `none`. As found where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

impl PutsPlugin for Canary {
    const PLUGIN: &'static str = "canary";
    const OWNER: PluginOwner = PluginOwner::Service;

    fn side(&self) -> &Side {
        &self.side
    }

    fn names(&self) -> &[String] {
        std::slice::from_ref(&self.service)
    }

    fn config(&self) -> Map<String, Value> {
        let config = json!({
            "percentage": self.percent,
            "upstream_host": self.host,
            "upstream_port": self.port,
            "upstream_uri": null,
        });
        let mut config = config.as_object().cloned().unwrap_or_default();
        if let Some(hash) = &self.hash {
            config.insert("hash".to_owned(), json!(hash));
        }
        config
    }

    /// The plugin has no protocol of its own: TLS would be talked to a port without it, or the other way round.
    async fn holds(&self, world: &impl Gateway, place: &PluginPlace) -> Result<(), Failure> {
        if self.side.speaks(world, place, &self.protocol).await? {
            return Ok(());
        }
        let message = format!(
            "the service `{}` is not reached by `{}`, and a canary goes by the service's protocol",
            place.name, self.protocol
        );
        Err(Failure::new("traffic.canary.protocol", message)
            .hint("give an upstream that speaks what the service's upstream speaks"))
    }
}

// Clients reach what may be the new version, as with a split; so from here on a failure holds. A share of nothing admits nobody, but it
// comes behind a share of something.
puts_plugin!(Canary, "traffic.canary", Effect::AdmitsTraffic);
