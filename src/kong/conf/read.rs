//! How Kong puts lines together, and which of them are settings.
//!
//! Source: `pl.config` of Penlight 1.12.0 to 1.14.0, with the options that Kong gives it; it does not differ between Kong's versions.
//! A backslash at the end of a line joins the next one, but comments and empty lines between them are left out; a `[name]` begins a
//! section whose settings Kong never looks at; everything but letters and digits of a key becomes `_`.

use super::line::Line;
use super::{Grammar, space};

/// What Kong makes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reading {
    /// The statements, in their order.
    pub(super) statements: Vec<Statement>,
    /// Lines at the end that are continued, which Kong drops.
    pub(super) unfinished: Vec<usize>,
    /// The line that Kong's reader breaks off at, after which it starts with no settings but an error.
    pub(super) broken: Option<usize>,
}

/// A line that says something, with those that continue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The lines, from 0.
    pub(super) lines: Vec<usize>,
    /// Their texts, put together.
    pub(super) text: String,
    /// What they say.
    pub(super) meaning: Meaning,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A setting.
    Setting {
        /// The key as it stands there.
        written: String,
        /// The key as Kong reads it.
        key: String,
        /// The value as Kong reads it.
        value: String,
        /// The line of the section it stands in.
        section: Option<usize>,
    },
    /// `[name]`.
    Section,
    /// Anything else.
    Other,
}

/// Whether Kong skips a line: it is empty, or a comment.
pub(super) fn is_skipped(raw: &str) -> bool {
    let text = space::trim_start(raw);
    text.is_empty() || text.starts_with(['#', ';'])
}

/// Reads lines as Kong does.
pub(super) fn read(lines: &[Line], grammar: Grammar) -> Reading {
    let mut reading = Reading::default();
    let (mut joined, mut text, mut section) = (Vec::new(), String::new(), None);
    for (index, line) in lines.iter().enumerate() {
        let raw = line.raw();
        if is_skipped(&raw) {
            continue;
        }
        joined.push(index);
        if let Some(part) = space::trim_end(&raw).strip_suffix('\\') {
            text.push_str(part);
            continue;
        }
        text.push_str(&raw);
        let text = std::mem::take(&mut text);
        let lines = std::mem::take(&mut joined);
        let meaning = if text.starts_with('[') {
            section = Some(lines[0]);
            if !has_section_name(&text) {
                reading.broken = Some(lines[0]);
                return reading;
            }
            Meaning::Section
        } else {
            meaning(&text, section, grammar)
        };
        reading.statements.push(Statement {
            lines,
            text,
            meaning,
        });
    }
    reading.unfinished = joined;
    reading
}

/// The key of a text in front of a `=`, as Kong reads it.
pub(super) fn key(written: &str) -> String {
    let bytes = written.bytes();
    bytes
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte),
            _ => '_',
        })
        .collect()
}

fn meaning(text: &str, section: Option<usize>, grammar: Grammar) -> Meaning {
    let Some((written, value)) = text.split_once('=') else {
        return Meaning::Other;
    };
    let written = space::trim(written);
    Meaning::Setting {
        written: written.to_owned(),
        key: key(written),
        value: grammar.value(space::trim_start(value)),
        section,
    }
}

/// Whether there are brackets with something between them, which may be anywhere behind the first one.
fn has_section_name(text: &str) -> bool {
    text.match_indices('[')
        .any(|(at, _)| text[at + 1..].find(']').is_some_and(|length| length > 0))
}
