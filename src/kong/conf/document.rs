//! A kong.conf: its text, byte for byte, and the settings that Kong reads in it.

use std::fmt;

use super::line::{Line, split};
use super::read::{Meaning, Reading, read};
use super::{Grammar, Setting, Standing};

/// A kong.conf.
///
/// Invariant: put together again, it is the text it was made of, and edits change nothing but the lines they are about. A file is
/// text: whoever reads one that is not UTF-8 has to refuse it, for Kong would take its bytes as they are and this does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    pub(super) lines: Vec<Line>,
    pub(super) grammar: Grammar,
    pub(super) reading: Reading,
}

impl Document {
    /// Takes a text as a version with this grammar reads it. Any text is a document.
    #[must_use]
    pub fn parse(text: &str, grammar: Grammar) -> Self {
        let lines = split(text);
        let reading = read(&lines, grammar);
        Self {
            lines,
            grammar,
            reading,
        }
    }

    /// The grammar it is read with.
    #[must_use]
    pub fn grammar(&self) -> Grammar {
        self.grammar
    }

    /// The settings in the order they stand in, those included that Kong does not go by. None where Kong cannot read the file.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings: Vec<Setting> = Vec::new();
        if self.reading.broken.is_some() {
            return settings;
        }
        // From the end, since the last line of a key counts.
        let mut counting = std::collections::HashMap::new();
        for statement in self.reading.statements.iter().rev() {
            let Meaning::Setting {
                key,
                value,
                section,
                ..
            } = &statement.meaning
            else {
                continue;
            };
            let line = statement.lines[0] + 1;
            let standing = match (section, counting.get(key)) {
                (Some(section), _) => Standing::InSection { since: section + 1 },
                (None, Some(&by)) => Standing::Repeated { by },
                (None, None) => {
                    counting.insert(key, line);
                    Standing::Counts
                }
            };
            settings.push(Setting {
                line,
                key: key.clone(),
                value: value.clone(),
                standing,
            });
        }
        settings.reverse();
        settings
    }

    /// The setting that Kong goes by for a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Setting> {
        self.settings()
            .into_iter()
            .find(|setting| setting.key == key && setting.standing == Standing::Counts)
    }

    /// The line, from 1, with a `[` that names no section: Kong's reader breaks off there, and Kong does not start.
    #[must_use]
    pub fn broken(&self) -> Option<usize> {
        self.reading.broken.map(|line| line + 1)
    }
}

impl fmt::Display for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| line.fmt(out))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The lines may hold passwords, in comments too.
        write!(out, "Document({} lines)", self.lines.len())
    }
}
