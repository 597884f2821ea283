//! What held the script's process while it ran a stranger's text.

use serde::{Deserialize, Serialize};

/// The layers that the script's process put around itself before it read a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// No program that it could start gains privileges.
    pub no_new_privileges: Layer,
    /// No path of any file system, and no TCP port.
    pub landlock: Layer,
    /// No system call but the few that an interpreter on a pipe needs.
    pub seccomp: Layer,
    /// Memory, time of a processor, files, processes and core files are bounded.
    pub limits: Layer,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// It holds.
    Active,
    /// It holds, in this version of several.
    Version(String),
    /// It does not, and why.
    Absent(String),
}

impl Sandbox {
    /// The layers by the names that people read.
    pub fn layers(&self) -> impl Iterator<Item = (&'static str, &Layer)> {
        [
            ("seccomp", &self.seccomp),
            ("Landlock", &self.landlock),
            ("resource limits", &self.limits),
            ("no new privileges", &self.no_new_privileges),
        ]
        .into_iter()
    }

    /// The layers that do not hold, each with the reason.
    pub fn lacking(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.layers().filter_map(|(name, layer)| match layer {
            Layer::Active | Layer::Version(_) => None,
            Layer::Absent(why) => Some((name, why.as_str())),
        })
    }
}

/// What a playbook used of one of its budgets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The key of the budget in the environment file, which names its unit.
    pub budget: String,
    /// How much it used, rounded up.
    pub used: u64,
    /// How much it might have used.
    pub of: u64,
}
