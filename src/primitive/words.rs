//! What a step is done to, or with, as a person reads it.

use super::{Check, FreezeMode, Intent, Primitive as _};

impl Intent {
    /// What it is done to, or with, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Approve(approve) => approve.what.clone(),
            Self::Note(note) => note.text.clone(),
            Self::OnRollback(closure) => closure.name.clone(),
            Self::Invariant(invariant) => invariant.name.clone(),
            Self::WaitFor(wait) => wait.window.to_string(),
            Self::Pause(pause) => format!("{} ms", pause.milliseconds),
            Self::Install(install) => {
                format!("{} on {}", install.version, install.nodes.join(", "))
            }
            Self::Fetch(fetch) => format!("{} on {}", fetch.version, fetch.nodes.join(", ")),
            Self::DropPackage(drop) => format!("{} on {}", drop.version, drop.nodes.join(", ")),
            Self::Verify(verify) => format!(
                "{} by {}{}",
                verify.database,
                word(&verify.tier),
                if verify.keep { ", kept as standby" } else { "" }
            ),
            Self::Freeze(freeze) if freeze.mode == FreezeMode::Observe => {
                format!("{}, watched, not frozen", freeze.cluster)
            }
            Self::MigrateScratch(migrate) => {
                format!("{} on {}", word(&migrate.half), migrate.node.name())
            }
            Self::Split(split) => format!(
                "{} % to {}, the rest to {}",
                split.percent,
                split.to_nodes.join(", "),
                split.from_nodes.join(", ")
            ),
            Self::Terminate(act) => {
                format!("{} with {}", act.targets().join(", "), act.status)
            }
            Self::Redirect(act) => format!("{} to {}", act.targets().join(", "), act.to),
            Self::Canary(act) => format!(
                "{} % of {} to {}:{}",
                act.percent,
                act.targets().join(", "),
                act.host,
                act.port
            ),
            Self::PutBack(act) => format!("{} {}", act.place.plugin, act.targets().join(", ")),
            Self::Exec(exec) => format!("{} on {}", exec.typed(), exec.nodes.join(", ")),
            Self::Check(check) => request(check),
            Self::Poll(poll) => request(&poll.check),
            Self::CheckAll(all) => format!("{} checks of {}", all.checks.len(), all.place()),
            other => other.targets().join(", "),
        }
    }
}

fn request(check: &Check) -> String {
    let node = check
        .node
        .as_ref()
        .map(|node| format!("{node} "))
        .unwrap_or_default();
    format!("{node}{}", check.request.url)
}

/// The word under which a plain value stands in the journal.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
