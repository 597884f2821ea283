//! Texts in which shell variables are still references.
//!
//! Invariant: two texts never stand side by side, and no text is empty; so a value without a variable is one text or nothing.
//! A variable's own text is never searched for anything: curl would read a file if it began with `@`, which nobody means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A text that may have variables in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Part>", into = "Vec<Part>")]
pub struct Value(Vec<Part>);

/// A piece of a [`Value`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// As it stands.
    Text(String),
    /// The text of the shell variable of this name.
    Variable(String),
}

/// What curl takes for a blank.
pub(super) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// One character of a value, or a variable in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Character(char),
    Variable(String),
}

impl Value {
    /// Its parts from left to right.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Its text, unless it has a variable.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.0[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(name) => Some(name.as_str()),
        })
    }

    /// Its text with the variables' own; the error is the name of one that is not known.
    pub(super) fn fill(&self, variables: &BTreeMap<String, String>) -> Result<String, String> {
        let fill = |part: &Part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Variable(name) => variables.get(name).cloned().ok_or_else(|| name.clone()),
        };
        self.0.iter().map(fill).collect()
    }

    /// Whether the user gave nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text that it begins with, up to the first variable.
    pub(super) fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether this stands in its texts.
    pub(super) fn contains(&self, wanted: impl Fn(char) -> bool) -> bool {
        let mut texts = self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text),
            Part::Variable(_) => None,
        });
        texts.any(|text| text.chars().any(&wanted))
    }

    /// What follows the text that it begins with.
    pub(super) fn strip_prefix(&self, prefix: &str) -> Option<Self> {
        let rest = self.beginning().strip_prefix(prefix)?;
        let mut stripped = Self::from(rest);
        stripped.0.extend(self.0.iter().skip(1).cloned());
        Some(stripped)
    }

    /// What stands before and behind the first of these characters.
    pub(super) fn split_once(&self, separator: char) -> Option<(Self, Self)> {
        let pieces = self.pieces();
        let at = pieces
            .iter()
            .position(|piece| *piece == Piece::Character(separator))?;
        let joined = |pieces: &[Piece]| pieces.iter().cloned().collect();
        Some((joined(&pieces[..at]), joined(&pieces[at + 1..])))
    }

    /// Without blanks at its ends.
    pub(super) fn trimmed(&self) -> Self {
        let mut trimmed = self.clone();
        if let Some(Part::Text(first)) = trimmed.0.first_mut() {
            *first = first.trim_start_matches(is_blank).to_owned();
        }
        if let Some(Part::Text(last)) = trimmed.0.last_mut() {
            *last = last.trim_end_matches(is_blank).to_owned();
        }
        trimmed.0.retain(|part| *part != Part::Text(String::new()));
        trimmed
    }

    pub(super) fn push(&mut self, character: char) {
        if let Some(Part::Text(text)) = self.0.last_mut() {
            text.push(character);
        } else {
            self.0.push(Part::Text(character.into()));
        }
    }

    pub(super) fn push_variable(&mut self, name: String) {
        self.0.push(Part::Variable(name));
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        let pieces = self.0.iter().flat_map(|part| match part {
            Part::Text(text) => text.chars().map(Piece::Character).collect(),
            Part::Variable(name) => vec![Piece::Variable(name.clone())],
        });
        pieces.collect()
    }
}

impl From<Vec<Part>> for Value {
    fn from(parts: Vec<Part>) -> Self {
        // Through pieces, which restores the invariant.
        Self(parts).pieces().into_iter().collect()
    }
}

impl From<Value> for Vec<Part> {
    fn from(value: Value) -> Self {
        value.0
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        let part = (!text.is_empty()).then(|| Part::Text(text.to_owned()));
        Self(part.into_iter().collect())
    }
}

impl FromIterator<Piece> for Value {
    fn from_iter<I: IntoIterator<Item = Piece>>(pieces: I) -> Self {
        let mut value = Self::default();
        for piece in pieces {
            match piece {
                Piece::Character(character) => value.push(character),
                Piece::Variable(name) => value.push_variable(name),
            }
        }
        value
    }
}
