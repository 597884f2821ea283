//! Which older version serves on a database that a newer version's `kong migrations up` has migrated, before `finish`. Pure.
//!
//! Only pairs with evidence are known. An old binary starts on any newer schema without a word, so that it starts proves nothing.

use super::Version;
use super::catalogue::{of, second_phases};
use super::migrations::Names;

/// An older line and the newer ones whose `up` it lives with.
struct Pair {
    /// The older line.
    from: (u16, u16),
    /// Its first patch that does.
    from_patch: u16,
    /// The first and the last newer line.
    to: ((u16, u16), (u16, u16)),
    /// Why that is known.
    evidence: &'static str,
}

const PAIRS: [Pair; 2] = [
    Pair {
        from: (2, 8),
        from_patch: 2,
        to: ((3, 0), (3, 4)),
        evidence: "2.8.2 and later read the paths that 3.0 marks with `~`, and 2.8.5 was seen to start on a database after the `up` of 3.4.2",
    },
    Pair {
        from: (3, 4),
        from_patch: 0,
        to: ((3, 5), (3, 9)),
        evidence: "3.4.2 was seen to start and serve on a database after the `up` of 3.9.1; only `finish` takes away the `config.redis_*` that it reads",
    },
];

/// The evidence of patches: the one case that the vendor's guide to a shared database supports.
const PATCHES: &str = "the vendor supports patches of one minor release on a shared database";

/// Why `from` is known to serve on a database that `to` has migrated and not finished, or why that is not known.
pub fn judge(from: &Version, to: &Version) -> Result<&'static str, String> {
    let (older, newer) = ((from.major, from.minor), (to.major, to.minor));
    if from < to && older == newer {
        return Ok(PATCHES);
    }
    let unknown =
        || format!("it is not known whether {from} serves on a database that {to} has migrated");
    let pair = PAIRS
        .iter()
        .find(|pair| pair.from == older && (pair.to.0..=pair.to.1).contains(&newer))
        .ok_or_else(unknown)?;
    if from.patch < pair.from_patch {
        return Err(format!(
            "{from} does not serve on a database that {to} has migrated; {}.{}.{} and later do",
            older.0, older.1, pair.from_patch
        ));
    }
    Ok(pair.evidence)
}

/// Whether an upgrade from `from` to `to` goes on with what an earlier one left pending. Kong's `up` does nothing while something
/// is pending, so that is right only where nothing else would be left to run: for the version that left it, or a patch of it.
#[must_use]
pub fn goes_on(pending: &Names, from: &Version, to: &Version) -> bool {
    let due = second_phases(from, to);
    // Plugins of one's own are in no catalogue; what they left is judged by the version that runs `up`.
    let catalogued = |subsystem: &String| of(to).iter().any(|one| one.name == *subsystem);
    let left: Names = pending
        .iter()
        .filter(|(subsystem, _)| catalogued(subsystem))
        .map(|(subsystem, names)| (subsystem.clone(), names.clone()))
        .collect();
    left == due
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(from: &str, to: &str) -> Result<&'static str, String> {
        let version = |text: &str| text.parse().expect("a version");
        judge(&version(from), &version(to))
    }

    #[test]
    fn pairs_with_evidence_are_known() {
        for (from, to) in [
            ("2.8.5", "3.4.2"),
            ("2.8.2", "3.0.0"),
            ("2.8.2.1", "3.4.3.5"),
            ("3.4.2", "3.9.1"),
            ("3.9.0", "3.9.1"),
        ] {
            assert!(judged(from, to).is_ok(), "{from} to {to}");
        }
    }

    #[test]
    fn all_others_are_refused_with_the_reason() {
        for (from, to, reason) in [
            ("2.8.1", "3.4.2", "2.8.2 and later do"),
            ("2.8.5", "3.9.1", "not known"),
            ("3.4.2", "3.10.0", "not known"),
            ("3.9.1", "3.9.1", "not known"),
            ("3.4.2", "2.8.5", "not known"),
        ] {
            let refused = judged(from, to).expect_err("refused");
            assert!(refused.contains(reason), "{from} to {to}: {refused}");
        }
    }

    #[test]
    fn an_upgrade_goes_on_with_what_the_same_target_left() {
        let version = |text: &str| text.parse::<Version>().expect("a version");
        let left = second_phases(&version("2.8.5"), &version("3.4.2"));
        let goes_on = |to: &str| goes_on(&left, &version("2.8.5"), &version(to));
        assert!(goes_on("3.4.2") && goes_on("3.4.3"));
        assert!(!goes_on("3.9.1"), "it has more to run");
        assert!(!goes_on("2.8.6"), "it knows none of it");
    }
}
