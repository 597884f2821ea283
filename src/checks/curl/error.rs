//! Why a command line is not read: always the word, its place, and what to write instead.

use std::fmt;

/// Where something stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Something in a command line that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: `{word}` {problem}\nhelp: {remedy}")]
pub struct CurlError {
    /// Where the word begins.
    pub place: Place,
    /// The word as it was written; of a long one the beginning.
    pub word: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

/// What is wrong with a word, before it is known which word it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) problem: String,
    pub(super) remedy: String,
}

/// Longer words are told by their beginning.
const TOLD_CHARACTERS: usize = 60;

impl Refusal {
    pub(super) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// This, about the `word` at the `place`.
    pub(super) fn at(self, place: Place, word: &str) -> CurlError {
        let line = word.lines().next().unwrap_or_default();
        let mut told: String = line.chars().take(TOLD_CHARACTERS).collect();
        if told.len() < word.len() {
            told.push('…');
        }
        CurlError {
            place,
            word: told,
            problem: self.problem,
            remedy: self.remedy,
        }
    }
}

impl Place {
    /// The place of a byte offset.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}
