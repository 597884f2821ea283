//! What requests of playbooks and checks may use, each by its name: secrets, and whom to trust and to be.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretReference;

/// A secret that requests may carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedSecret {
    /// Where it is to be found.
    pub from: SecretReference,
    /// The servers outside of the environment that it may be sent to, as `host` or `host:port`, and encrypted only. The proxies of the
    /// environment's nodes always may have it.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// Whom a client trusts and whom it shows itself to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsProfile {
    /// The certificate authorities to trust, PEM, instead of this machine's.
    pub ca: Option<PathBuf>,
    /// The client's own certificate, PEM.
    pub certificate: Option<PathBuf>,
    /// The key of it, PEM.
    pub key: Option<PathBuf>,
    /// Whether any certificate is taken, whosever it is. Whoever names this profile may be talking to anybody.
    #[serde(default)]
    pub insecure: bool,
}

impl TlsProfile {
    /// The same with paths that start at `base` where they are relative.
    #[must_use]
    pub(super) fn starting_at(self, base: &Path) -> Self {
        let from = |path: Option<PathBuf>| path.map(|path| base.join(path));
        Self {
            ca: from(self.ca),
            certificate: from(self.certificate),
            key: from(self.key),
            insecure: self.insecure,
        }
    }
}
