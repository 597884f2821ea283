//! The host of a node, and the node's prefix.

use std::collections::BTreeSet;

use super::Dated;
use crate::kong::advisories::Known;

/// What a preflight knows of a node's host.
#[derive(Debug, Clone, Default)]
pub struct HostFacts {
    /// What the file with the node's process says.
    pub pid_file: Known<PidFile>,
    /// Sockets in the prefix that no process has bound.
    pub stale_sockets: Known<BTreeSet<String>>,
    /// The settings that a start by cutover would change, by their keys; values may be secret.
    pub changed_settings: Known<BTreeSet<String>>,
    /// The certificates in files that its settings name.
    pub certificates: Known<Vec<Dated>>,
    /// Bytes free for the prefix: logs, and what Kong keeps on disk.
    pub free_bytes: Known<u64>,
    /// Another user than ours whose process it is; `None` where it is ours.
    pub other_user: Known<Option<u32>>,
    /// The service or container that the node's process is part of; `None` where it stands for itself.
    pub supervisor: Known<Option<String>>,
    /// How many processors the host has.
    pub processors: Known<u64>,
}

/// What `pids/nginx.pid` in a prefix says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PidFile {
    /// There is none.
    Absent,
    /// The node's process, which runs.
    Runs(u32),
    /// A process that is gone.
    Gone(u32),
    /// A process that is something else, by its command line.
    Other(u32, String),
}
