//! Forms in several parts: `-F` with its own small grammar, and `--form-string` without.

use serde::{Deserialize, Serialize};

use super::body::path_of_file;
use super::draft::Draft;
use super::error::Refusal;
use super::options::{Followed, valued};
use super::shell::Word;
use super::value::{Piece, Value, is_blank};

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormPart {
    /// The field's name; none where nothing stands before `=`.
    pub name: Option<Value>,
    /// What it holds.
    pub content: FormContent,
    /// The name that the server is told, where one was given.
    pub file_name: Option<Value>,
    /// The type that the server is told, where one was given.
    pub content_type: Option<Value>,
}

/// What a part of a form holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormContent {
    /// A text.
    Text(Value),
    /// A file, uploaded under its name.
    File(Value),
    /// What a file has in it, as if it had been written out.
    TextOfFile(Value),
}

pub(super) const OPTIONS: &[Followed] = &[
    valued("form").or('F').takes(|draft, word| {
        push(draft, word, part(&word.value)?);
        Ok(())
    }),
    valued("form-string").takes(|draft, word| {
        let (name, text) = name(&word.value)?;
        let content = FormContent::Text(text);
        push(
            draft,
            word,
            FormPart {
                name,
                content,
                file_name: None,
                content_type: None,
            },
        );
        Ok(())
    }),
];

fn push(draft: &mut Draft, word: &Word, part: FormPart) {
    draft.form.push(part);
    draft.last_body = Some(word.clone());
}

fn name(value: &Value) -> Result<(Option<Value>, Value), Refusal> {
    let (name, content) = value
        .split_once('=')
        .ok_or_else(|| Refusal::new("has no `=`", "write `name=value`"))?;
    Ok((Some(name).filter(|name| !name.is_empty()), content))
}

fn part(value: &Value) -> Result<FormPart, Refusal> {
    let (name, content) = name(value)?;
    let first = content.beginning().chars().next();
    if first == Some('(') || (name.is_none() && content.as_text() == Some(")")) {
        return Err(Refusal::new(
            "begins or ends a form inside the form",
            "write `--form-string` if the parenthesis belongs to the text",
        ));
    }
    let marked = matches!(first, Some('@' | '<'));
    let pieces = content.pieces();
    let mut reader = Reader {
        pieces: &pieces[usize::from(marked)..],
        ends_at_comma: first == Some('@'),
    };
    let word = reader.word();
    let content = match first {
        Some('@') => FormContent::File(path_of_file(word)?),
        Some('<') => FormContent::TextOfFile(path_of_file(word)?),
        _ => FormContent::Text(word),
    };
    let mut part = FormPart {
        name,
        content,
        file_name: None,
        content_type: None,
    };
    while let Some(Piece::Character(separator)) = reader.next() {
        if separator == ',' {
            return Err(Refusal::new(
                "uploads several files in one field",
                "write one `-F` for each; a comma in a name stands in double quotes",
            ));
        }
        reader.attribute(&mut part)?;
    }
    Ok(part)
}

/// Reads what stands behind the `=` of a field.
struct Reader<'a> {
    pieces: &'a [Piece],
    ends_at_comma: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Piece> {
        let (first, rest) = self.pieces.split_first()?;
        self.pieces = rest;
        Some(first.clone())
    }

    fn skip_blanks(&mut self) {
        while let [Piece::Character(blank), rest @ ..] = self.pieces
            && is_blank(*blank)
        {
            self.pieces = rest;
        }
    }

    fn ends(&self, piece: &Piece) -> bool {
        *piece == Piece::Character(';') || (self.ends_at_comma && *piece == Piece::Character(','))
    }

    /// A word up to `;`, in double quotes or without blanks at its ends.
    fn word(&mut self) -> Value {
        self.skip_blanks();
        if let Some((word, rest)) = quoted(self.pieces) {
            // Behind the quote curl passes over everything up to the end of the word.
            let end = rest
                .iter()
                .position(|piece| self.ends(piece))
                .unwrap_or(rest.len());
            self.pieces = &rest[end..];
            return word;
        }
        self.plain().into_iter().collect::<Value>().trimmed()
    }

    /// Everything up to the end of the word, with its blanks.
    fn plain(&mut self) -> Vec<Piece> {
        let end = self
            .pieces
            .iter()
            .position(|piece| self.ends(piece))
            .unwrap_or(self.pieces.len());
        let (plain, rest) = self.pieces.split_at(end);
        self.pieces = rest;
        plain.to_vec()
    }

    /// What follows a `;`.
    fn attribute(&mut self, part: &mut FormPart) -> Result<(), Refusal> {
        let whole = self.pieces;
        self.skip_blanks();
        let beginning: Value = self
            .pieces
            .iter()
            .take("filename=".len())
            .cloned()
            .collect();
        let begins = |name: &str| beginning.beginning().to_ascii_lowercase().starts_with(name);
        if begins("type=") && part.content_type.is_none() {
            self.pieces = &self.pieces["type=".len()..];
            let written = self.plain().into_iter().collect::<Value>().trimmed();
            let (kind, subtype) = written.split_once('/').unwrap_or_default();
            if kind.is_empty() || subtype.is_empty() {
                return Err(Refusal::new(
                    "has a type without `/`",
                    "write it as `;type=text/plain`",
                ));
            }
            part.content_type = Some(written);
        } else if begins("filename=") {
            self.pieces = &self.pieces["filename=".len()..];
            part.file_name = Some(self.word());
        } else if let Some(content_type) = part
            .content_type
            .as_mut()
            .filter(|_| part.file_name.is_none() && !begins("headers=") && !begins("encoder="))
        {
            // A parameter, as in `type=text/plain; charset=utf-8`, is part of the type with its blanks.
            self.pieces = whole;
            let pieces = content_type
                .pieces()
                .into_iter()
                .chain([Piece::Character(';')]);
            *content_type = pieces.chain(self.plain()).collect::<Value>().trimmed();
        } else {
            return Err(Refusal::new(
                "has something behind `;` that is not followed here",
                "put a text with `;` in double quotes or behind `--form-string`; of attributes only `type=` and `filename=` are followed",
            ));
        }
        Ok(())
    }
}

/// The text between double quotes that begin here, with what follows, unless they do not end.
fn quoted(pieces: &[Piece]) -> Option<(Value, &[Piece])> {
    let (Piece::Character('"'), mut rest) = pieces.split_first()? else {
        return None;
    };
    let mut word = Vec::new();
    loop {
        match rest {
            [
                Piece::Character('\\'),
                escaped @ Piece::Character('\\' | '"'),
                after @ ..,
            ] => {
                word.push(escaped.clone());
                rest = after;
            }
            [Piece::Character('"'), after @ ..] => {
                return Some((word.into_iter().collect(), after));
            }
            [piece, after @ ..] => {
                word.push(piece.clone());
                rest = after;
            }
            [] => return None,
        }
    }
}
