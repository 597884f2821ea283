//! Unified diffs between texts: the home of the library that makes, applies and merges them.
//!
//! Invariant: a diff is only handed out if it makes the one text of the other to the byte.

use diffy::{ConflictStyle, DiffOptions, IncompleteHunkStyle, MergeOptions, Patch, PatchFormatter};

/// What the two sides of a diff are called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    /// The one.
    pub(super) before: &'a str,
    /// The other.
    pub(super) after: &'a str,
}

/// What a person reads to see in what two texts differ; empty where they do not.
#[must_use]
pub fn difference(before: &str, after: &str) -> String {
    let sides = Sides {
        before: "before",
        after: "after",
    };
    formatted(before, after, sides)
}

/// A diff that can be applied. `None` where the library cannot write one down that it reads again, as with a lone carriage return.
pub(super) fn diff(before: &str, after: &str, sides: Sides<'_>) -> Option<String> {
    let diff = formatted(before, after, sides);
    (applied(before, &diff).as_deref() == Some(after)).then_some(diff)
}

/// What a diff makes of a text; `None` where it does not fit.
pub(super) fn applied(before: &str, diff: &str) -> Option<String> {
    if diff.is_empty() {
        return Some(before.to_owned());
    }
    let patch = Patch::from_str(diff).ok()?;
    diffy::apply(before, &patch).ok()
}

/// What two people made of one text, put together; or the same with marks of `length` characters where they cannot be.
pub(super) fn merged(
    base: &str,
    ours: &str,
    theirs: &str,
    length: usize,
) -> Result<String, String> {
    let mut options = MergeOptions::new();
    options
        .set_conflict_marker_length(length)
        .set_conflict_style(ConflictStyle::Diff3)
        .set_incomplete_hunk_style(IncompleteHunkStyle::Git);
    options.merge(base, ours, theirs)
}

fn formatted(before: &str, after: &str, sides: Sides<'_>) -> String {
    if before == after {
        return String::new();
    }
    let mut options = DiffOptions::new();
    options.set_original_filename(sides.before.to_owned());
    options.set_modified_filename(sides.after.to_owned());
    let patch = options.create_patch(before, after);
    // A blank line stays a line with the blank of the diff, which editors do not lose.
    let formatter = PatchFormatter::new().suppress_blank_empty(false);
    formatter.fmt_patch(&patch).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_keeps_line_endings_and_the_lack_of_the_last() {
        let (before, after) = ("a\r\nb\r\n\r\nc", "a\r\nB\r\n\r\nc\r\n");
        let sides = Sides {
            before: "x",
            after: "y",
        };
        let written = diff(before, after, sides).expect("a diff");
        assert_eq!(
            written,
            "--- x\n+++ y\n@@ -1,4 +1,4 @@\n a\r\n-b\r\n+B\r\n \r\n-c\n\\ No newline at end of file\n+c\r\n"
        );
        assert_eq!(applied(before, &written).as_deref(), Some(after));
        assert_eq!(applied("something else", &written), None);
        assert_eq!(diff(before, before, sides).as_deref(), Some(""));
    }
}
