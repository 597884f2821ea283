//! Changes to a kong.conf that leave everything else as it is.
//!
//! Invariant: every edit is tried on a copy and read again as Kong would read it. It is taken only if the key then says what was asked
//! for and every other setting what it said before; otherwise the file stays as it was.

use super::line::{Ending, Line};
use super::place::{end, places};
use super::read::Meaning;
use super::write::{check, is_refused, lines, rewritings, statement_of};
use super::{Document, EditError, Setting, Standing};

/// What an edit did. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Nothing: the file says so already.
    Nothing,
    /// The setting in this line has another value now.
    Changed {
        /// The line.
        line: usize,
    },
    /// There is a new line.
    Added {
        /// The line.
        line: usize,
    },
    /// These lines are gone, or comments now; counted as they were.
    Removed {
        /// The lines.
        lines: Vec<usize>,
    },
}

impl Document {
    /// Makes Kong read `value` for `key`: in the line that counts for it; else in a new line, below a comment that names its default
    /// (`#key = …`) or at the end. What Kong would read otherwise is escaped; where that is not enough, as for a password of digits
    /// only, an empty comment behind the value keeps it.
    pub fn set(&mut self, key: &str, value: &str) -> Result<Edit, EditError> {
        check(key, value)?;
        self.check_readable()?;
        let Some(current) = self.get(key) else {
            return self.add(key, value);
        };
        let is_refused = is_refused(statement_of(self, &current), key, self.grammar);
        if current.value == value && !is_refused {
            return Ok(Edit::Nothing);
        }
        self.change(&current, value)
    }

    /// Takes a key out of the file: all lines that give it, so that none of them comes to count.
    pub fn unset(&mut self, key: &str) -> Result<Edit, EditError> {
        self.take_away(key, |lines, index| {
            remove(lines, index);
        })
    }

    /// Makes comments of all lines that give a key.
    pub fn comment_out(&mut self, key: &str) -> Result<Edit, EditError> {
        self.take_away(key, |lines, index| lines[index].text.insert(0, '#'))
    }

    fn check_readable(&self) -> Result<(), EditError> {
        match self.broken() {
            Some(line) => Err(EditError::Broken { line }),
            None => Ok(()),
        }
    }

    fn change(&mut self, current: &Setting, value: &str) -> Result<Edit, EditError> {
        let statement = statement_of(self, current).clone();
        let first = statement.lines[0];
        for text in rewritings(self, &statement, &current.key, value) {
            let mut lines = self.lines.clone();
            lines[first].text = text;
            for &index in statement.lines[1..].iter().rev() {
                remove(&mut lines, index);
            }
            if self.accept(&lines, &current.key, Some(value)) {
                return Ok(Edit::Changed { line: current.line });
            }
        }
        Err(if value.is_empty() {
            EditError::Comment {
                key: current.key.clone(),
                line: current.line,
            }
        } else {
            EditError::NoPlace {
                key: current.key.clone(),
            }
        })
    }

    fn add(&mut self, key: &str, value: &str) -> Result<Edit, EditError> {
        for text in lines(key, value, self.grammar) {
            for at in places(self, key) {
                let mut lines = self.lines.clone();
                insert(&mut lines, at, text.clone());
                if self.accept(&lines, key, Some(value)) {
                    return Ok(Edit::Added { line: at + 1 });
                }
            }
        }
        Err(EditError::NoPlace {
            key: key.to_owned(),
        })
    }

    fn take_away(
        &mut self,
        key: &str,
        away: impl Fn(&mut Vec<Line>, usize),
    ) -> Result<Edit, EditError> {
        self.check_readable()?;
        let statements = self.reading.statements.iter();
        let told: Vec<usize> = statements
            .filter(|statement| {
                matches!(&statement.meaning, Meaning::Setting { key: found, section: None, .. } if found == key)
            })
            .flat_map(|statement| statement.lines.clone())
            .collect();
        if told.is_empty() {
            return Ok(Edit::Nothing);
        }
        let mut lines = self.lines.clone();
        for &index in told.iter().rev() {
            away(&mut lines, index);
        }
        if !self.accept(&lines, key, None) {
            return Err(EditError::NoPlace {
                key: key.to_owned(),
            });
        }
        let lines = told.iter().map(|index| index + 1).collect();
        Ok(Edit::Removed { lines })
    }

    /// Takes the lines over if the key says what it should in them and everything else what it says now.
    fn accept(&mut self, lines: &[Line], key: &str, value: Option<&str>) -> bool {
        let text: String = lines.iter().map(Line::to_string).collect();
        let edited = Self::parse(&text, self.grammar);
        let says = edited.get(key).map(|setting| setting.value);
        let is_right = says.as_deref() == value
            && edited.reading.broken.is_none()
            && told_of_others(&edited, key) == told_of_others(self, key);
        if is_right {
            *self = edited;
        }
        is_right
    }
}

fn told_of_others(document: &Document, key: &str) -> Vec<(String, String, bool)> {
    document
        .settings()
        .into_iter()
        .filter(|setting| setting.key != key)
        .map(|setting| {
            let counts = setting.standing == Standing::Counts;
            (setting.key, setting.value, counts)
        })
        .collect()
}

/// Takes a line out; a file whose last line was not ended keeps that property, unless that would cost it an empty line.
fn remove(lines: &mut Vec<Line>, index: usize) {
    let gone = lines.remove(index);
    if gone.ending.is_last()
        && let Some(last) = lines.last_mut()
        && !(last.text.is_empty() && gone.ending == Ending::File)
    {
        last.ending = gone.ending;
    }
}

/// Puts a line in, ended as the one before it is.
fn insert(lines: &mut Vec<Line>, at: usize, text: String) {
    let usual = end(lines);
    let ending = match at.checked_sub(1).and_then(|before| lines.get_mut(before)) {
        Some(before) => {
            let ending = before.ending;
            match ending {
                Ending::File => before.ending = usual,
                Ending::ReturnFile => before.ending = Ending::ReturnFeed,
                Ending::Feed | Ending::ReturnFeed => {}
            }
            ending
        }
        None => usual,
    };
    lines.insert(at, Line { text, ending });
}
