//! What a node says of itself, and whether that makes it ready.

use serde::{Deserialize, Serialize};

use crate::kong::Version;

/// What a node's Admin API says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminStatus {
    /// The version that is running.
    pub version: Version,
    /// Whether it reaches its database; `true` where it has none.
    pub database_reachable: bool,
    /// The hash of the configuration that it answers clients by, where that comes from no database: 32 hex digits, all of them 0 where it
    /// has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_hash: Option<String>,
    /// Whether it is a stand-in and not Kong.
    pub stand_in: bool,
}

/// The hash of no configuration.
pub const NO_CONFIGURATION: &str = "00000000000000000000000000000000";

impl AdminStatus {
    /// Why a node that should run `installed` is not ready, if it is not.
    #[must_use]
    pub fn not_ready(&self, installed: Version, needs_configuration: bool) -> Option<String> {
        if self.version != installed {
            return Some(format!(
                "it runs {} and {installed} is installed",
                self.version
            ));
        }
        if !self.database_reachable {
            return Some("it does not reach its database".to_owned());
        }
        let lacks = self.configuration_hash.as_deref() == Some(NO_CONFIGURATION);
        (needs_configuration && lacks).then(|| "it has no configuration".to_owned())
    }
}
