//! A file that `EnvironmentFile=` names, read as systemd reads it and edited without touching anything else. After `systemd.exec(5)`
//! and `env-file.c`; the fixture was read by version 252.

use super::place::line_of;
use super::scan::{Entry, Scan, Scanner};
use super::value::Value;
use super::variable::{VariableError, check, is_name};

/// What a backslash at the end of a comment does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// The next line belongs to the comment: systemd before 254.
    RunOn,
    /// Nothing: systemd since 254.
    EndAtLine,
}

/// A text, and what systemd reads in it.
#[derive(Debug, Clone)]
pub struct EnvironmentFile {
    text: String,
    comments: Comments,
}

/// A variable that a file sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What it is set to.
    pub value: Value,
    /// Its line, from 1.
    pub line: usize,
    /// The line that it ends in. Where that is another, a quote or a backslash keeps it open, which not everybody means.
    pub last_line: usize,
}

/// A text that systemd does not read, or does not read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentFileError {
    /// A zero byte, which ends the text for systemd.
    #[error("line {line} has a zero byte, where systemd stops reading")]
    ZeroByte {
        /// The line, from 1.
        line: usize,
    },
    /// The end of the text cuts something off, so that what is written behind it would become part of that.
    #[error("a quote or a backslash of line {line} is still open at the end of the file")]
    Open {
        /// Where that begins, from 1.
        line: usize,
    },
    /// The variable cannot be written.
    #[error(transparent)]
    Variable(#[from] VariableError),
}

impl EnvironmentFile {
    /// Reads `text`.
    pub fn of(text: &str, comments: Comments) -> Result<Self, EnvironmentFileError> {
        if let Some(at) = text.find('\0') {
            let line = line_of(text, at);
            return Err(EnvironmentFileError::ZeroByte { line });
        }
        let text = text.to_owned();
        Ok(Self { text, comments })
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it sets, in its order; of several times the same variable, the last counts.
    #[must_use]
    pub fn assignments(&self) -> Vec<Assignment> {
        let entries = self.scan().entries.into_iter();
        let taken = entries.filter(|entry| is_name(&entry.name));
        taken.map(|entry| self.assignment(entry)).collect()
    }

    /// The variable's assignment that counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Assignment> {
        let all = self.assignments().into_iter().rev();
        all.into_iter().find(|one| one.name == name)
    }

    /// The lines of assignments that systemd ignores, since what they set is no name: `export A=1`.
    #[must_use]
    pub fn ignored(&self) -> Vec<usize> {
        let entries = self.scan().entries.into_iter();
        let ignored = entries.filter(|entry| !is_name(&entry.name));
        ignored
            .map(|entry| line_of(&self.text, entry.start))
            .collect()
    }

    /// The lines of comments that end with a backslash: what stands behind them is another thing before and after systemd 254.
    #[must_use]
    pub fn run_on_comments(&self) -> Vec<usize> {
        let starts = self.scan().run_on_comments.into_iter();
        starts.map(|start| line_of(&self.text, start)).collect()
    }

    /// Sets a variable: where it stands last, in the quotes that are there, or else in a new last line.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), EnvironmentFileError> {
        check(name, value)?;
        let scan = self.editable()?;
        let last = scan.entries.iter().rev().find(|entry| entry.name == name);
        match last {
            Some(entry) if entry.value == value => {}
            Some(entry) => {
                let written = written(value, &self.text[entry.written.clone()]);
                self.text.replace_range(entry.written.clone(), &written);
            }
            None => {
                let is_ended = self.text.is_empty() || self.text.ends_with('\n');
                let newline = if is_ended { "" } else { "\n" };
                let line = format!("{newline}{name}={}\n", written(value, ""));
                self.text.push_str(&line);
            }
        }
        Ok(())
    }

    /// Takes all lines of a variable out. Says how many assignments that were.
    pub fn unset(&mut self, name: &str) -> Result<usize, EnvironmentFileError> {
        let scan = self.editable()?;
        let entries = scan.entries.iter().filter(|entry| entry.name == name);
        let count = entries.clone().count();
        for entry in entries.rev() {
            let before = self.text[..entry.start].trim_end_matches([' ', '\t']).len();
            // The newline of some editors is two characters, and systemd is through after the first.
            let is_two =
                self.text[..entry.end].ends_with('\r') && self.text[entry.end..].starts_with('\n');
            self.text
                .replace_range(before..entry.end + usize::from(is_two), "");
        }
        Ok(count)
    }

    fn scan(&self) -> Scan {
        Scanner::of(&self.text, self.comments).run()
    }

    /// What is read, where the text's end is an end.
    fn editable(&self) -> Result<Scan, EnvironmentFileError> {
        let scan = self.scan();
        match scan.open {
            None => Ok(scan),
            Some(at) => Err(EnvironmentFileError::Open {
                line: line_of(&self.text, at),
            }),
        }
    }

    fn assignment(&self, entry: Entry) -> Assignment {
        Assignment {
            name: entry.name,
            value: Value::new(entry.value),
            line: line_of(&self.text, entry.start),
            last_line: line_of(&self.text, entry.written.end),
        }
    }
}

/// How `value` is written in the place of `before`.
fn written(value: &str, before: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:,@%+=".contains(letter);
    if before.starts_with('\'') && !value.contains('\'') {
        return format!("'{value}'");
    }
    if value.chars().all(is_plain) && !before.starts_with('"') {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for letter in value.chars() {
        if matches!(letter, '"' | '\\' | '`' | '$') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
    out
}
