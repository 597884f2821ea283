//! The lines of a file as they stand there: text, and what ends it.

use std::fmt;

/// A line of the file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// What stands in it.
    pub(super) text: String,
    /// What ends it.
    pub(super) ending: Ending,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The file does.
    File,
    /// The file does, behind a carriage return.
    ReturnFile,
    /// A line feed.
    Feed,
    /// A carriage return and a line feed.
    ReturnFeed,
}

impl Ending {
    /// Whether it is that of the last line only.
    pub(super) fn is_last(self) -> bool {
        matches!(self, Self::File | Self::ReturnFile)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::File => "",
            Self::ReturnFile => "\r",
            Self::Feed => "\n",
            Self::ReturnFeed => "\r\n",
        }
    }
}

impl Line {
    /// The line as Kong sees it, to which a carriage return is part of the text.
    pub(super) fn raw(&self) -> String {
        match self.ending {
            Ending::ReturnFeed | Ending::ReturnFile => format!("{}\r", self.text),
            Ending::File | Ending::Feed => self.text.clone(),
        }
    }
}

/// Splits a text into lines that give the same text when they are put together.
pub(super) fn split(text: &str) -> Vec<Line> {
    text.split_inclusive('\n')
        .map(|line| {
            let (text, ending) = match line.strip_suffix('\n') {
                None => match line.strip_suffix('\r') {
                    None => (line, Ending::File),
                    Some(line) => (line, Ending::ReturnFile),
                },
                Some(line) => match line.strip_suffix('\r') {
                    None => (line, Ending::Feed),
                    Some(line) => (line, Ending::ReturnFeed),
                },
            };
            Line {
                text: text.to_owned(),
                ending,
            }
        })
        .collect()
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)?;
        out.write_str(self.ending.as_str())
    }
}
