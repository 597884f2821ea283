//! Faults on purpose: `stand-in-faults.json` in the prefix makes a node slow, lying, failing or mortal.
//!
//! Read again for each request, so that a test or an operator switches a fault on while the node runs. Keys of the command,
//! which has its faults in the same file, are passed over.

use std::path::Path;

use serde::Deserialize;

/// The file's name, in the node's prefix.
pub const FAULTS: &str = "stand-in-faults.json";

/// The faults a node has at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// Every Admin answer takes this much longer.
    pub admin_delay_ms: Option<u64>,
    /// The Admin API claims to be this version.
    pub admin_lies_version: Option<String>,
    /// Every Admin answer has this status.
    pub admin_status: Option<u16>,
    /// Every proxy answer has this status.
    pub proxy_status: Option<u16>,
    /// The process dies, without a word, at this request after its start (Admin and proxy counted together).
    pub dies_after_requests: Option<u64>,
}

impl Faults {
    /// The faults in the file of `prefix`; none where there is no file, or no sense in it.
    #[must_use]
    pub fn of(prefix: &Path) -> Self {
        let Ok(text) = std::fs::read(prefix.join(FAULTS)) else {
            return Self::default();
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!("`{FAULTS}` is ignored: {error}");
            Self::default()
        })
    }
}
