//! Which upgrade the vendor guarantees in one step: patches, adjacent minors, LTS to LTS.

use serde::{Deserialize, Serialize};

use super::line::{LAST_OF_MAJOR, LONG_TERM, Line};
use crate::kong::Version;

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
    let (start, end) = (Line::of(from), Line::of(to));
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
        return path(true, format!("a patch of {end}"));
    }
    let opens_major = LAST_OF_MAJOR.contains(&start) && end == Line(start.0 + 1, 0);
    if end == Line(start.0, start.1 + 1) || opens_major {
        return path(true, "the next minor release".to_owned());
    }
    if start.next_long_term() == Some(end) {
        return path(
            true,
            format!("from one LTS line to the next, {start} to {end}"),
        );
    }
    if start < Line(2, 1) && end >= Line(3, 0) {
        return path(
            false,
            format!("from {from} the way to 3.x leads through 2.8"),
        );
    }
    let between = LONG_TERM
        .iter()
        .find(|line| **line > start && **line <= end);
    let instead = match between {
        Some(line) => format!("go by way of the LTS line {line}"),
        None => format!("go minor by minor, next to {}", Line(start.0, start.1 + 1)),
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
