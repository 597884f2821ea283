//! What there is to know of a node's host and of the Kong on it, in one look.
//!
//! Plain data without secrets. Each part is known, or it says why not: one tool that a host lacks hides nothing else.

mod host;
mod kong;

pub use host::{ClockFacts, LimitFacts, ListenerFacts, OsFacts, PortFacts, SessionFacts};
pub use host::{DiskFacts, RoomFacts};
pub use kong::{ChangedFile, KongFacts, PackageFacts, PluginFacts, RockFacts};
pub use kong::{SettingsFacts, UnitFacts};

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::kong::advisories::Known;

/// What there is to know of a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFacts {
    /// The system.
    pub os: Known<OsFacts>,
    /// What brought Kong there. Rhai keeps the word `package` for itself.
    pub installed: Known<PackageFacts>,
    /// Its `kong` and its kong.conf.
    pub kong: KongFacts,
    /// The service of systemd's that it is.
    pub unit: Known<UnitFacts>,
    /// Where its settings come from.
    pub settings: Known<SettingsFacts>,
    /// What its settings load that does not come with Kong.
    pub plugins: Known<PluginFacts>,
    /// The rocks that stand beside its `kong`.
    pub rocks: Known<Vec<RockFacts>>,
    /// Room where Kong, its packages and temporary files are.
    pub disk: DiskFacts,
    /// How far the host's clock is from ours.
    pub clock: Known<ClockFacts>,
    /// What the running Kong may have of the kernel.
    pub limits: Known<LimitFacts>,
    /// Who is logged in.
    pub sessions: Known<Vec<SessionFacts>>,
    /// Who listens on the ports that its settings name, by port.
    pub ports: Known<Vec<PortFacts>>,
}

/// Looking at hosts of nodes.
pub trait Facts {
    /// What there is to know of a node and its host.
    async fn node_facts(&self, node: &str) -> Result<NodeFacts, Failure>;
}
