//! A line of a shell taken apart into words: quotes, escapes, comments and variables, as bash reads them.
//!
//! What a shell would do besides starting curl (other commands, pipes, redirections, substitutions) is refused where it begins.
//! Crates that split lines into words keep neither places nor which `$` stood in which quotes.

use super::ansi_quotes;
use super::braces::Braces;
use super::error::{CurlError, Place, Refusal};
use super::operators;
use super::value::Value;

/// A word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) value: Value,
    pub(super) place: Place,
    /// As it was written, with its quotes.
    pub(super) written: String,
}

impl Word {
    pub(super) fn refused(&self, refusal: Refusal) -> CurlError {
        refusal.at(self.place, &self.written)
    }
}

/// The words of the one command in `line`.
pub(super) fn words(line: &str) -> Result<Vec<Word>, CurlError> {
    let mut reader = Reader { line, at: 0 };
    let mut words: Vec<Word> = Vec::new();
    let mut ended = false;
    loop {
        let ends = reader.skip_blanks()?;
        ended |= ends && !words.is_empty();
        if reader.peek().is_none() {
            return Ok(words);
        }
        if words.is_empty() && reader.skip_prompt() {
            continue;
        }
        if ended {
            let rest = reader.rest().lines().next().unwrap_or_default();
            return Err(reader.refused(reader.at, rest, operators::second_line()));
        }
        words.push(reader.word()?);
    }
}

struct Reader<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, text: &str) -> bool {
        let begins = self.rest().starts_with(text);
        if begins {
            self.at += text.len();
        }
        begins
    }

    fn refused(&self, at: usize, word: &str, refusal: Refusal) -> CurlError {
        refusal.at(Place::of(self.line, at), word)
    }

    /// The `$ ` of a shell that was copied along.
    fn skip_prompt(&mut self) -> bool {
        self.skip("$ ")
    }

    /// Passes what stands between words, and answers whether a line ended.
    fn skip_blanks(&mut self) -> Result<bool, CurlError> {
        let mut ended = false;
        loop {
            if self.skip("\n") {
                ended = true;
            } else if self.rest().starts_with('#') {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if !self.skip("\\\n") && !self.skip(" ") && !self.skip("\t") {
                return self.check_backslash().map(|()| ended);
            }
        }
    }

    /// A backslash before blanks at the end of a line is not the continuation that it looks like.
    fn check_backslash(&self) -> Result<(), CurlError> {
        let Some(after) = self.rest().strip_prefix('\\') else {
            return Ok(());
        };
        let line = after.split('\n').next().unwrap_or_default();
        if !line.trim_matches([' ', '\t']).is_empty() {
            return Ok(());
        }
        let refusal = if line.is_empty() {
            Refusal::new(
                "ends the text, where a line should follow",
                "paste the whole command line, or take the backslash away",
            )
        } else {
            Refusal::new(
                "is followed by a blank, so that the next line does not belong to the command",
                "take the blanks at the end of the line away",
            )
        };
        Err(self.refused(self.at, "\\", refusal))
    }

    fn word(&mut self) -> Result<Word, CurlError> {
        let start = self.at;
        let mut value = Value::default();
        let mut braces = Braces::default();
        while let Some(character) = self.peek() {
            let quoted = match character {
                ' ' | '\t' | '\n' => break,
                '^' if self.rest().starts_with("^\n") => {
                    return Err(self.refused(self.at, "^", operators::of_windows()));
                }
                '\'' => self.single_quotes(&mut value)?,
                '"' => self.double_quotes(&mut value)?,
                '\\' => self.escaped(&mut value),
                '$' => self.dollar(&mut value)?,
                '~' if begins_home(&self.line[start..self.at]) => return Err(self.tilde()),
                '`' | '|' | '&' | ';' | '<' | '>' | '(' | ')' => return Err(self.operator()),
                _ => {
                    value.push(character);
                    self.at += character.len_utf8();
                    if braces.see(character) {
                        return Err(self.several_words(start));
                    }
                    false
                }
            };
            if quoted {
                braces.see_quoted();
            }
        }
        let written = &self.line[start..self.at];
        if written == "*" {
            let refusal = Refusal::new("stands for all files here", "put it in quotes");
            return Err(self.refused(start, written, refusal));
        }
        Ok(Word {
            value,
            place: Place::of(self.line, start),
            written: written.to_owned(),
        })
    }

    fn several_words(&self, start: usize) -> CurlError {
        let refusal = Refusal::new(
            "has braces of which the shell makes several words",
            "put the word in single quotes",
        );
        self.refused(start, &self.line[start..self.at], refusal)
    }

    fn tilde(&self) -> CurlError {
        let word = self.rest().split_whitespace().next().unwrap_or_default();
        self.refused(
            self.at,
            word,
            Refusal::new(
                "begins with somebody's home directory",
                "write the path out",
            ),
        )
    }

    fn operator(&self) -> CurlError {
        let rest = self.rest().lines().next().unwrap_or_default();
        self.refused(self.at, rest.trim_end(), operators::refusal(rest))
    }

    fn single_quotes(&mut self, value: &mut Value) -> Result<bool, CurlError> {
        let Some(length) = self.rest()[1..].find('\'') else {
            return Err(self.unclosed(self.at));
        };
        let quoted = &self.rest()[1..=length];
        quoted.chars().for_each(|character| value.push(character));
        self.at += length + 2;
        Ok(true)
    }

    fn double_quotes(&mut self, value: &mut Value) -> Result<bool, CurlError> {
        let start = self.at;
        self.at += 1;
        while let Some(character) = self.peek() {
            match character {
                '"' => {
                    self.at += 1;
                    return Ok(true);
                }
                '`' => return Err(self.operator()),
                '$' => {
                    self.dollar_in_quotes(value)?;
                }
                '\\' if self.rest()[1..].starts_with(['$', '`', '"', '\\', '\n']) => {
                    self.escaped(value);
                }
                _ => {
                    value.push(character);
                    self.at += character.len_utf8();
                }
            }
        }
        Err(self.unclosed(start))
    }

    fn unclosed(&self, start: usize) -> CurlError {
        let refusal = Refusal::new(
            "begins a quote that does not end",
            "close the quote; a quote inside single quotes is written `'\\''`",
        );
        self.refused(start, &self.line[start..], refusal)
    }

    /// A character behind a backslash, or nothing where a line goes on.
    fn escaped(&mut self, value: &mut Value) -> bool {
        self.at += 1;
        if let Some(character) = self.peek() {
            self.at += character.len_utf8();
            if character != '\n' {
                value.push(character);
            }
        }
        true
    }

    /// A dollar sign outside quotes.
    fn dollar(&mut self, value: &mut Value) -> Result<bool, CurlError> {
        if self.rest().starts_with("$'") {
            return self.ansi_quotes(value);
        }
        if self.rest().starts_with("$\"") {
            self.at += 1;
            return self.double_quotes(value);
        }
        self.dollar_in_quotes(value)
    }

    fn ansi_quotes(&mut self, value: &mut Value) -> Result<bool, CurlError> {
        let start = self.at;
        let mut escaped = false;
        let closing = self.rest()[2..].find(|character| {
            let closes = character == '\'' && !escaped;
            escaped = character == '\\' && !escaped;
            closes
        });
        let Some(length) = closing else {
            return Err(self.unclosed(start));
        };
        let whole = &self.rest()[..length + 3];
        let text = ansi_quotes::unescape(&whole[2..length + 2])
            .map_err(|refusal| self.refused(start, whole, refusal))?;
        text.chars().for_each(|character| value.push(character));
        self.at += whole.len();
        Ok(true)
    }

    /// `$NAME` or `${NAME}`, or a dollar sign that means itself.
    fn dollar_in_quotes(&mut self, value: &mut Value) -> Result<bool, CurlError> {
        let after = &self.rest()[1..];
        let (found, length) = match after.chars().next() {
            Some('(' | '[') => return Err(self.operator()),
            Some('{') => match after.find('}') {
                Some(end) => (&after[1..end], end + 2),
                None => ("", 2),
            },
            Some('@' | '*' | '#' | '?' | '!' | '-' | '$' | '0'..='9') => ("", 2),
            _ if name(after).is_empty() => {
                value.push('$');
                self.at += 1;
                return Ok(false);
            }
            _ => (name(after), name(after).len() + 1),
        };
        if found.is_empty() || name(found) != found {
            let refusal = Refusal::new(
                "is more than the name of a variable",
                "write `$NAME` or `${NAME}`, or put a dollar sign that means itself in single quotes",
            );
            return Err(self.refused(self.at, &self.rest()[..length], refusal));
        }
        value.push_variable(found.to_owned());
        self.at += length;
        Ok(true)
    }
}

/// Whether a tilde is somebody's home behind this much of a word: at its beginning, and in what looks like an assignment.
fn begins_home(before: &str) -> bool {
    let assigned = before[name(before).len()..].starts_with('=') && !name(before).is_empty();
    before.is_empty() || (assigned && before.ends_with(['=', ':']))
}

/// The name of a variable that `text` begins with.
fn name(text: &str) -> &str {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return "";
    }
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    &text[..end.unwrap_or(text.len())]
}
