//! Requests read from text, line by line: access logs, lines of JSON, and lines written by hand.
//!
//! Each line says by its form what it is. A line that cannot be read is counted, and the first few are told by their numbers; blank
//! lines, and those that begin with `#`, are passed over.

mod access_log;
mod json;
mod lines;
mod plain;
mod presumed;

use std::io::{self, BufRead};

use super::Asked;
use lines::{Line, Lines};
pub use presumed::Presumed;

/// How many numbers of lines that cannot be read are kept.
const TOLD: usize = 5;

/// Requests, read from text.
#[derive(Debug)]
pub struct Requests<R> {
    lines: Lines<R>,
    presumed: Presumed,
    tally: Tally,
}

/// What became of the lines that were read.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Tally {
    /// How many lines there were.
    pub lines: u64,
    /// How many of them are requests.
    pub requests: u64,
    /// How many could not be read.
    pub unreadable: u64,
    /// The numbers of the first of these, from 1.
    pub first_unreadable: Vec<u64>,
}

impl<R: BufRead> Requests<R> {
    /// Reads requests. What a line does not say is taken from `presumed`.
    #[must_use]
    pub fn new(text: R, presumed: Presumed) -> Self {
        Self {
            lines: Lines::new(text),
            presumed,
            tally: Tally::default(),
        }
    }

    /// What became of the lines, once all are read; the error is that of reading, which ends the requests early.
    pub fn finish(self) -> io::Result<Tally> {
        self.lines.finish()?;
        Ok(self.tally)
    }
}

impl<R: BufRead> Iterator for Requests<R> {
    type Item = Asked;

    fn next(&mut self) -> Option<Asked> {
        loop {
            let line = self.lines.next()?;
            self.tally.lines += 1;
            if let Line::Text(text) = line {
                let text = text.trim();
                if text.is_empty() || text.starts_with('#') {
                    continue;
                }
                if let Some(asked) = read(text, &self.presumed) {
                    self.tally.requests += 1;
                    return Some(asked);
                }
            }
            self.tally.unreadable += 1;
            if self.tally.first_unreadable.len() < TOLD {
                self.tally.first_unreadable.push(self.tally.lines);
            }
        }
    }
}

/// The request of a line.
fn read(line: &str, presumed: &Presumed) -> Option<Asked> {
    if line.starts_with('{') {
        return json::read(line, presumed);
    }
    access_log::read(line, presumed).or_else(|| plain::read(line, presumed))
}
