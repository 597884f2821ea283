//! The host's own parts: its system, room, clock, limits, people and ports.

use serde::{Deserialize, Serialize};

use crate::kong::advisories::Known;

/// A host's system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OsFacts {
    /// Its word for itself, `debian`.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Its release, `12`; nothing where it rolls on.
    pub version: Option<String>,
    /// The processor, `x86_64`.
    pub architecture: String,
    /// The release of the kernel.
    pub kernel: String,
}

/// Room on the disks that matter.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskFacts {
    /// Where Kong works.
    pub prefix: Known<RoomFacts>,
    /// Where its packages are kept, or its versions stand.
    pub packages: Known<RoomFacts>,
    /// `/tmp`.
    pub temporary: Known<RoomFacts>,
}

/// Room on one disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomFacts {
    /// The path that was asked about; the nearest one above where that is yet to be made.
    pub path: String,
    /// Where the file system is mounted: two paths of one mount share its room.
    pub mount: String,
    /// Its kind, `ext4`.
    pub kind: String,
    /// Its bytes.
    pub size: u64,
    /// The bytes that one who is not root can still write.
    pub free: u64,
    /// How many files there can be; nothing where they are not counted.
    pub files: Option<u64>,
    /// How many more there can be.
    pub free_files: Option<u64>,
}

/// How far a clock is from ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFacts {
    /// Milliseconds ahead; negative where it is behind.
    pub ahead: i64,
    /// By no more than so many milliseconds more or less.
    pub within: u64,
}

/// What the running Kong may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitFacts {
    /// Its process.
    pub process: u32,
    /// How many files it may have open; nothing is no limit.
    pub open_files: Option<u64>,
    /// How far it may raise that.
    pub open_files_most: Option<u64>,
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionFacts {
    /// The user.
    pub user: String,
    /// The terminal, `pts/0`; nothing where a session only runs a command.
    pub terminal: Option<String>,
    /// Where from, as the host wrote it down.
    pub from: Option<String>,
    /// Since when, in the host's own words and time.
    pub since: Option<String>,
}

/// A port that a node's settings name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortFacts {
    /// The port.
    pub port: u16,
    /// The settings that name it, `proxy_listen`.
    pub settings: Vec<String>,
    /// Who listens there, on whatever address; nobody, where it is free.
    pub listeners: Vec<ListenerFacts>,
}

/// Somebody who listens on a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerFacts {
    /// The address; `*` for all.
    pub address: String,
    /// The process; nothing where the asker may not know.
    pub process: Option<u32>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is the node's; nothing where that cannot be told.
    pub ours: Option<bool>,
}
