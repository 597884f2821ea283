//! Whether emptying and refilling took effect: from the rows, since `TRUNCATE` can time out and go on, and `refresh` says nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::host::cassandra::Name;

/// How much of an act took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// All.
    All,
    /// Nothing.
    None,
    /// On some tables, or in part; those where it did not, or is not known.
    Part(Vec<Name>),
}

/// Whether `tables` were emptied, by the rows that they have now; a table that could not be counted is left out of `now`.
#[must_use]
pub fn truncated<'a>(
    tables: impl IntoIterator<Item = &'a Name>,
    now: &BTreeMap<Name, u64>,
) -> Effect {
    effect(tables, |table| now.get(table) == Some(&0))
}

/// Whether the tables have the rows again that they had. Tables that were not counted then are judged by nothing, so they are never proof.
/// More rows than then are none either: somebody wrote.
#[must_use]
pub fn refilled(kept: &BTreeMap<Name, u64>, now: &BTreeMap<Name, u64>) -> Effect {
    effect(kept.keys(), |table| now.get(table) == kept.get(table))
}

fn effect<'a>(
    tables: impl IntoIterator<Item = &'a Name>,
    is_done: impl Fn(&Name) -> bool,
) -> Effect {
    let (done, open): (Vec<&Name>, Vec<&Name>) =
        tables.into_iter().partition(|table| is_done(table));
    match (done.is_empty(), open.is_empty()) {
        (_, true) => Effect::All,
        (true, false) => Effect::None,
        (false, false) => Effect::Part(open.into_iter().cloned().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(rows: [(&str, u64); N]) -> BTreeMap<Name, u64> {
        rows.map(|(name, count)| (name.parse().expect("a name"), count))
            .into()
    }

    #[test]
    fn rows_tell_what_took_effect() {
        let kept = rows([("a", 1), ("b", 2)]);
        let b = vec!["b".parse().expect("a name")];
        assert_eq!(
            truncated(kept.keys(), &rows([("a", 0), ("b", 0)])),
            Effect::All
        );
        assert_eq!(
            truncated(kept.keys(), &rows([("a", 0), ("b", 2)])),
            Effect::Part(b.clone())
        );
        assert_eq!(truncated(kept.keys(), &rows([])), Effect::None);
        assert_eq!(refilled(&kept, &kept), Effect::All);
        assert_eq!(
            refilled(&kept, &rows([("a", 1), ("b", 3)])),
            Effect::Part(b)
        );
        assert_eq!(refilled(&kept, &rows([("a", 0)])), Effect::None);
    }
}
