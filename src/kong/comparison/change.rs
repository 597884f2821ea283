//! What is known of how entities differ between versions: the table `changes.toml`, read and asked.
//!
//! Owns the grammar of the table; what is done with a change is `migrate.rs`'s.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::rewrite::Rewrite;
use crate::kong::Version;

/// The table.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("changes.toml"))
        .expect("the embedded table is tested to be readable")
});

/// All that is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    change: Vec<Change>,
    volatile: Vec<Volatile>,
    by_name: Vec<ByName>,
    left_out: Vec<LeftOut>,
}

/// What a version made of a kind, or of plugins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    since: Version,
    kind: Option<String>,
    #[serde(default)]
    plugins: Vec<String>,
    called: Option<String>,
    /// Fields that must hold these values.
    #[serde(default)]
    pub(super) when: BTreeMap<String, Value>,
    /// Fields by their old path.
    #[serde(default)]
    pub(super) moved: BTreeMap<String, Target>,
    /// Fields without a successor.
    #[serde(default)]
    pub(super) removed: Vec<String>,
    /// Values that have become others.
    #[serde(default)]
    pub(super) replaced: Vec<Replaced>,
    /// Fields whose values are written otherwise.
    #[serde(default)]
    pub(super) rewritten: BTreeMap<String, Rewrite>,
    /// Whether values stay as they are until `migrations finish`.
    #[serde(default)]
    pub(super) at_finish: bool,
    #[expect(
        dead_code,
        reason = "it is there for whoever reads the table, and must not be left out"
    )]
    source: String,
}

/// Where a field has gone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Target {
    /// It has another path.
    One(String),
    /// It fills each of these that is empty.
    Several(Vec<String>),
}

/// A value that has become another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replaced {
    /// The field.
    pub(super) field: String,
    /// The old value.
    #[serde(default)]
    pub(super) from: Value,
    /// The new one.
    pub(super) to: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Volatile {
    field: String,
    #[serde(default)]
    both: bool,
    #[expect(
        dead_code,
        reason = "it is there for whoever reads the table, and must not be left out"
    )]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByName {
    kind: String,
    #[expect(
        dead_code,
        reason = "it is there for whoever reads the table, and must not be left out"
    )]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    kind: String,
    why: String,
}

/// The changes between two versions that concern a kind or, of plugins, the one that is called `name`.
pub(super) fn between<'a>(
    from: &'a Version,
    to: &'a Version,
    kind: &'a str,
    name: &'a str,
) -> impl Iterator<Item = &'static Change> + 'a {
    let crossed = TABLE
        .change
        .iter()
        .filter(|change| change.is_crossed(from, to));
    crossed.filter(move |change| {
        change.kind.as_deref() == Some(kind)
            || (kind == "plugins" && change.plugins.iter().any(|plugin| plugin == name))
    })
}

/// What a kind is called after the way between two versions.
pub(super) fn called<'a>(from: &Version, to: &Version, kind: &'a str) -> &'a str {
    let mut crossed = TABLE
        .change
        .iter()
        .filter(|change| change.is_crossed(from, to));
    let named = crossed.find_map(|change| {
        let is_of_kind = change.kind.as_deref() == Some(kind);
        is_of_kind.then_some(change.called.as_deref()).flatten()
    });
    named.unwrap_or(kind)
}

/// Whether a field, which both gateways have if `both` says so, changes by itself.
pub(super) fn is_volatile(field: &str, both: bool) -> bool {
    let mut known = TABLE.volatile.iter();
    known.any(|volatile| volatile.field == field && (both || !volatile.both))
}

/// Whether each gateway makes the entities of a kind under ids of its own.
pub(super) fn is_by_name(kind: &str) -> bool {
    TABLE.by_name.iter().any(|known| known.kind == kind)
}

/// Why a kind is not compared.
pub(super) fn left_out(kind: &str) -> Option<&'static str> {
    let known = TABLE.left_out.iter().find(|known| known.kind == kind)?;
    Some(&known.why)
}

impl Change {
    fn is_crossed(&self, from: &Version, to: &Version) -> bool {
        from < &self.since && &self.since <= to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn a_change_is_crossed_once() {
        let of = |from: &str, to: &str, plugin: &str| {
            let (from, to) = (version(from), version(to));
            between(&from, &to, "plugins", plugin).count()
        };
        assert_eq!(of("2.8.5", "3.4.2", "rate-limiting"), 0);
        assert_eq!(of("2.8.5", "3.6.0", "rate-limiting"), 1);
        assert_eq!(of("3.4.3.5", "3.10.0.0", "rate-limiting"), 1);
        assert_eq!(of("3.6.0", "3.9.1", "rate-limiting"), 0);
        assert_eq!(of("3.9.1", "2.8.5", "rate-limiting"), 0);
        assert_eq!(of("2.0.5", "3.9.1", "acl"), 2);
        assert_eq!(of("2.8.5", "3.9.1", "ours"), 0);
    }

    #[test]
    fn each_change_is_of_a_kind_or_of_plugins_and_they_are_in_order() {
        for change in &TABLE.change {
            assert_eq!(
                change.kind.is_none(),
                !change.plugins.is_empty(),
                "{change:?}"
            );
        }
        assert!(TABLE.change.is_sorted_by_key(|change| change.since));
    }

    #[test]
    fn a_kind_is_called_otherwise_from_a_version_on() {
        let (two, three) = (version("2.8.5"), version("3.0.0"));
        assert_eq!(called(&two, &three, "vaults-beta"), "vaults");
        assert_eq!(called(&two, &two, "vaults-beta"), "vaults-beta");
        assert_eq!(called(&two, &three, "routes"), "routes");
    }
}
