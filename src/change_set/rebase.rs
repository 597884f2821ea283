//! A template that somebody made out of a release's, brought to the next release: a merge of three texts.

use std::fmt;

use super::patch::merged;

/// How long marks are at least.
const SHORTEST: usize = 7;

/// What the sides are called behind their marks.
const OPERATOR: &str = "your template";
const BEFORE: &str = "template of the release before";
const AFTER: &str = "template of the release after";

/// The three texts.
#[derive(Clone, Copy)]
pub struct Rebase<'a> {
    /// The template of the release before.
    pub before: &'a str,
    /// What was made of it.
    pub operator: &'a str,
    /// The template of the release after.
    pub after: &'a str,
}

/// Texts that cannot be put together, for both sides changed the same place.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template and the release's own change disagree in {} place(s)", hunks.len())]
pub struct Conflicted {
    /// Everything put together that could be, with marks where a person has to decide.
    pub marked: String,
    /// Those places.
    pub hunks: Vec<Hunk>,
}

/// A place where a person has to decide.
#[derive(Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The line of its first mark in the marked text, from 1.
    pub line: usize,
    /// What the release before has there.
    pub before: String,
    /// What the operator has made of it.
    pub operator: String,
    /// What the release after has made of it.
    pub after: String,
}

/// Makes of the template of the release after what the operator made of that of the release before. The line endings are the
/// operator's.
pub fn rebase(texts: &Rebase<'_>) -> Result<String, Conflicted> {
    let before = ended_alike(texts.before, texts.operator);
    let after = ended_alike(texts.after, texts.operator);
    // No line of a text may be taken for a mark.
    let all = [&before, texts.operator, &after];
    let length = SHORTEST.max(1 + all.into_iter().map(longest_run).max().unwrap_or(0));
    merged(&before, texts.operator, &after, length).map_err(|marked| read(&marked, length))
}

/// A release's text with the line endings of the operator's, where those are not the release's and are all the same.
fn ended_alike(release: &str, operator: &str) -> String {
    let is_windows = operator.contains('\n')
        && operator.matches('\n').count() == operator.matches("\r\n").count();
    if is_windows && !release.contains('\r') {
        release.replace('\n', "\r\n")
    } else {
        release.to_owned()
    }
}

/// The longest run of one of the characters of marks at the beginning of a line.
fn longest_run(text: &str) -> usize {
    let runs = text.lines().map(|line| {
        let first = line.chars().next().filter(|first| "<|=>".contains(*first));
        first.map_or(0, |first| line.len() - line.trim_start_matches(first).len())
    });
    runs.max().unwrap_or(0)
}

/// Where a line of the marked text belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Operator,
    Before,
    After,
}

/// Finds the marks, and names the sides behind them in words.
fn read(raw: &str, length: usize) -> Conflicted {
    let mark = |letter: &str| letter.repeat(length);
    let [open, base, middle, close] = ["<", "|", "=", ">"].map(mark);
    let mut conflicted = Conflicted {
        marked: String::new(),
        hunks: Vec::new(),
    };
    let mut part = Part::Both;
    for (line, number) in raw.split_inclusive('\n').zip(1..) {
        let (next, written) = match part {
            Part::Both if line.starts_with(&open) => {
                (Part::Operator, format!("{open} {OPERATOR}\n"))
            }
            Part::Operator if line.starts_with(&base) => {
                (Part::Before, format!("{base} {BEFORE}\n"))
            }
            Part::Operator | Part::Before if line.starts_with(&middle) => {
                (Part::After, format!("{middle}\n"))
            }
            Part::After if line.starts_with(&close) => (Part::Both, format!("{close} {AFTER}\n")),
            part => (part, line.to_owned()),
        };
        conflicted.marked.push_str(&written);
        if next == Part::Operator && part == Part::Both {
            conflicted.hunks.push(Hunk {
                line: number,
                before: String::new(),
                operator: String::new(),
                after: String::new(),
            });
        } else if next == part
            && let Some(hunk) = conflicted.hunks.last_mut()
        {
            match part {
                Part::Both => {}
                Part::Operator => hunk.operator.push_str(line),
                Part::Before => hunk.before.push_str(line),
                Part::After => hunk.after.push_str(line),
            }
        }
        part = next;
    }
    conflicted
}

// A template may have a credential in it, so the texts are not printed by accident.
impl fmt::Debug for Conflicted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Conflicted({:?})", self.hunks)
    }
}

impl fmt::Debug for Hunk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hunk(line {})", self.line)
    }
}
