//! Which upgrade the vendor guarantees in one step: patches, adjacent minors, LTS to LTS. Pure.
//!
//! Source: the version table of the vendor's upgrade guide, as of 2026-08.

use serde::{Deserialize, Serialize};

use super::Version;

/// The long-term support lines, in order; each is upgraded to the next in one step.
const LONG_TERM: [(u16, u16); 4] = [(2, 8), (3, 4), (3, 10), (3, 14)];

/// The minor that ends each major line, from which the next major is the adjacent release.
const LAST_OF_MAJOR: [(u16, u16); 2] = [(1, 5), (2, 8)];

/// What is to be said about going from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Whether the vendor guarantees it in one step.
    pub guaranteed: bool,
    /// Why, or why not and what to do instead.
    pub why: String,
}

/// Judges the step from `from` to `to`.
#[must_use]
pub fn judge(from: &Version, to: &Version) -> Path {
    let (start, end) = ((from.major, from.minor), (to.major, to.minor));
    let path = |guaranteed: bool, why: String| Path { guaranteed, why };
    if to < from {
        return path(
            false,
            format!(
                "{to} is older than {from}: go back with the backup and the old package, not by an upgrade"
            ),
        );
    }
    if to == from {
        return path(false, format!("{from} is installed already"));
    }
    if start == end {
        return path(true, format!("a patch of {}.{}", to.major, to.minor));
    }
    if end == (start.0, start.1 + 1) || (LAST_OF_MAJOR.contains(&start) && end == (start.0 + 1, 0))
    {
        return path(true, "the next minor release".to_owned());
    }
    let position = |line| LONG_TERM.iter().position(|known| *known == line);
    if let (Some(one), Some(other)) = (position(start), position(end))
        && other == one + 1
    {
        return path(
            true,
            format!(
                "from one LTS line to the next, {}.{} to {}.{}",
                start.0, start.1, end.0, end.1
            ),
        );
    }
    if start < (2, 1) && end >= (3, 0) {
        return path(
            false,
            format!("from {from} the way to 3.x leads through 2.8"),
        );
    }
    let between = LONG_TERM
        .iter()
        .find(|line| **line > start && **line <= end);
    let instead = match between {
        Some(line) => format!("go by way of the LTS line {}.{}", line.0, line.1),
        None => format!("go minor by minor, next to {}.{}", start.0, start.1 + 1),
    };
    path(
        false,
        format!("the vendor does not guarantee {from} to {to} in one step: {instead}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(from: &str, to: &str) -> Path {
        judge(
            &from.parse().expect("a version"),
            &to.parse().expect("a version"),
        )
    }

    #[test]
    fn patches_adjacent_minors_and_adjacent_lts_lines_are_guaranteed() {
        for (from, to) in [
            ("3.4.2", "3.4.3"),
            ("3.8.0", "3.9.1"),
            ("2.8.5", "3.0.1"),
            ("2.8.5", "3.4.2"),
            ("3.10.0", "3.14.1"),
        ] {
            assert!(judged(from, to).guaranteed, "{from} to {to}");
        }
    }

    #[test]
    fn what_is_not_guaranteed_says_what_to_do_instead() {
        for (from, to, instead) in [
            ("3.4.2", "3.4.2", "installed already"),
            ("3.4.2", "2.8.5", "with the backup"),
            ("2.8.5", "3.9.1", "LTS line 3.4"),
            ("3.4.2", "3.9.1", "minor by minor"),
            ("1.5.1", "3.4.2", "through 2.8"),
        ] {
            let path = judged(from, to);
            assert!(
                !path.guaranteed && path.why.contains(instead),
                "{from} to {to}: {}",
                path.why
            );
        }
    }
}
