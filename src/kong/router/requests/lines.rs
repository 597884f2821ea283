//! Lines of a text of any size, one at a time, of which none is kept that is longer than a request can be.

use std::io::{self, BufRead, Read};

/// The longest line that is read: Kong takes requests of a few kilobytes.
const LONGEST: u64 = 1 << 20;

/// A line.
#[derive(Debug)]
pub(super) enum Line {
    Text(String),
    /// It is no text, or too long.
    Unreadable,
}

/// Lines of a text.
#[derive(Debug)]
pub(super) struct Lines<R> {
    text: R,
    failed: Option<io::Error>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(text: R) -> Self {
        Self { text, failed: None }
    }

    /// The error that ended the lines, if one did.
    pub(super) fn finish(self) -> io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let read = self
            .text
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\n") || line.len() < usize::try_from(LONGEST).unwrap_or(usize::MAX) {
            let text = String::from_utf8(line);
            return Ok(Some(text.map_or(Line::Unreadable, Line::Text)));
        }
        while !line.is_empty() && !line.ends_with(b"\n") {
            line.clear();
            self.text
                .by_ref()
                .take(LONGEST)
                .read_until(b'\n', &mut line)?;
        }
        Ok(Some(Line::Unreadable))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.failed.is_some() {
            return None;
        }
        match self.read() {
            Ok(line) => line,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }
}
