//! What a restore does not bring back, in words.

use std::fmt;

use serde::Serialize;

use super::Changed;
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::{Name, Tag};

/// Something that a restore loses, changes or leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// What was written after the snapshot.
    Later(Tag),
    /// The snapshots are not of one moment.
    Moments,
    /// Counters.
    Counters(Vec<Name>),
    /// Rows that were to end by themselves.
    Expired,
    /// The schema is not brought back.
    Schema(Vec<Changed>),
}

/// What restoring the backup loses, where the schema differs so from the kept one.
#[must_use]
pub fn losses(manifest: &Manifest, changed: &[Changed]) -> Vec<Loss> {
    let counters: Vec<Name> = manifest.counters().cloned().collect();
    let left: Vec<Changed> = changed
        .iter()
        .filter(|one| !matches!(one, Changed::Gone(_)))
        .cloned()
        .collect();
    let mut losses = vec![Loss::Later(manifest.tag.clone()), Loss::Moments];
    losses.extend((!counters.is_empty()).then_some(Loss::Counters(counters)));
    losses.push(Loss::Expired);
    losses.extend((!left.is_empty()).then_some(Loss::Schema(left)));
    losses
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |names: Vec<String>| format!("`{}`", names.join("`, `"));
        match self {
            Self::Later(tag) => write!(f, "everything written after the snapshot `{tag}` is lost"),
            Self::Moments => f.write_str(
                "the nodes' snapshots are near to one moment, not of one: rows agree only because nobody wrote",
            ),
            Self::Counters(tables) => {
                let tables = join(tables.iter().map(ToString::to_string).collect());
                write!(
                    f,
                    "the counters of {tables} may be off: an increment that was tried again is counted twice, one that was under way is lost, and all of them go back to the snapshot"
                )
            }
            Self::Expired => f.write_str("rows with a time to live end when they would have ended, also if that is before the restore"),
            Self::Schema(changed) => {
                let names = changed.iter().map(|one| match one {
                    Changed::Gone(table) | Changed::Come(table) | Changed::Other(table) => table.to_string(),
                });
                write!(f, "the tables {} stay as they are now: a restore brings back rows, not columns", join(names.collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::host::cassandra::sample::manifest;

    #[test]
    fn losses_are_told() {
        let name = |name: &str| name.parse().expect("a name");
        let changed = [Changed::Gone(name("services")), Changed::Come(name("keys"))];
        let told: Vec<String> = losses(&manifest(1), &changed)
            .iter()
            .map(ToString::to_string)
            .collect();
        let words = [
            "everything written after the snapshot `kong_1` is lost",
            "the nodes' snapshots are near to one moment, not of one: rows agree only because nobody wrote",
            "the counters of `ratelimiting_metrics` may be off: an increment that was tried again is counted twice, one that was under way is lost, and all of them go back to the snapshot",
            "rows with a time to live end when they would have ended, also if that is before the restore",
            "the tables `keys` stay as they are now: a restore brings back rows, not columns",
        ];
        assert_eq!(told, words);
        let mut plain = manifest(1);
        plain.tables.clear();
        assert_eq!(losses(&plain, &[]).len(), 3);
    }
}
