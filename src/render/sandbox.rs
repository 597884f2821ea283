//! What held a playbook's process, and what it used of its budgets.

use crate::journal::{Layer, Sandbox, Spent};

/// The layers in a line.
#[must_use]
pub fn sandbox(sandbox: &Sandbox) -> String {
    let layers: Vec<String> = sandbox
        .layers()
        .filter_map(|(name, layer)| match layer {
            Layer::Active => Some(name.to_owned()),
            Layer::Version(version) => Some(format!("{name} ({version})")),
            Layer::Absent(_) => None,
        })
        .collect();
    let lacking: Vec<String> = sandbox
        .lacking()
        .map(|(name, why)| format!("; without {name} ({why})"))
        .collect();
    format!(
        "playbook's process held by: {}{}",
        layers.join(", "),
        lacking.concat()
    )
}

/// The budgets in a line.
#[must_use]
pub fn spent(spent: &[Spent]) -> String {
    let budgets: Vec<String> = spent.iter().map(budget).collect();
    format!("budgets used: {}", budgets.join(", "))
}

fn budget(spent: &Spent) -> String {
    let unit = match spent.budget.as_str() {
        "memory_mib" => "MiB of memory",
        "seconds" => "s of its own time",
        "sent_mib" => "MiB sent",
        other => other,
    };
    format!("{} of {} {unit}", spent.used, spent.of)
}
