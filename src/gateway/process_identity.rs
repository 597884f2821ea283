//! Which process something was, in a way that outlives it.

use serde::{Deserialize, Serialize};

/// One process on one boot of one host; a reused process id is another identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The host's name.
    pub host: String,
    /// The node whose host it is, where that is reached over SSH; nothing for this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The process id.
    pub pid: u32,
    /// Its start, in clock ticks since boot (`/proc/PID/stat`, field 22).
    pub started: u64,
    /// The boot (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

impl ProcessIdentity {
    /// This very process.
    #[must_use]
    pub fn own() -> Self {
        Self::of(std::process::id()).unwrap_or_else(|| Self {
            host: host(),
            node: None,
            pid: std::process::id(),
            started: 0,
            boot: String::new(),
        })
    }

    /// The process that has `pid` on this host now, if there is one.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in parentheses and may hold anything, so counting starts behind the last one.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        // One that has ended and was not waited for does nothing any more.
        if fields.next()? == "Z" {
            return None;
        }
        let started = fields.nth(18)?.parse().ok()?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .ok()?
            .trim()
            .to_owned();
        Some(Self {
            host: host(),
            node: None,
            pid,
            started,
            boot,
        })
    }

    /// Whether this process is still there. Told only on its own host; elsewhere `None`.
    #[must_use]
    pub fn alive(&self) -> Option<bool> {
        (self.node.is_none() && self.host == host())
            .then(|| Self::of(self.pid).as_ref() == Some(self))
    }
}

fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
