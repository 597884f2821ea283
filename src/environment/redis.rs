//! Redis servers in which rate limits are counted, as the inventory describes them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecretReference, Tls};

/// A Redis in which plugins count. The number of its database is what a plugin's configuration says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    #[serde(default = "default_port")]
    pub port: u16,
    /// What the plugins' configuration calls it, as `host:port`, where that is not the `host` and `port` of here: names may mean
    /// another server on the other side.
    pub called: Option<String>,
    /// The user of its access control list; the default one where this is absent. On keys of counters and on
    /// those that begin with `cutover:` it needs `@read`, `@write` and `evalsha`, and besides `info`, `select`, `scan` and `script|load`.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretReference>,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: Tls,
    /// The certificate authority to trust, PEM.
    pub ca: Option<PathBuf>,
}

fn default_port() -> u16 {
    6379
}

impl Redis {
    /// What plugins call it.
    #[must_use]
    pub fn called(&self) -> String {
        let address = || format!("{}:{}", self.host, self.port);
        self.called.clone().unwrap_or_else(address)
    }
}
