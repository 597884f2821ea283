//! The states in which systemd reads an environment file, character by character. After its `env-file.c`, and played against
//! version 252; it keeps where each part stood, which systemd does not need.

use std::ops::Range;

use super::environment_file::Comments;

/// What a text was found to hold.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) entries: Vec<Entry>,
    /// Where comments end with a backslash.
    pub(super) run_on_comments: Vec<usize>,
    /// Where something begins that the text's end cuts off: text behind it would belong to it.
    pub(super) open: Option<usize>,
}

/// A name and a value, as they stand in the text.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    /// The value as written, with its quotes, without the blanks around it.
    pub(super) written: Range<usize>,
    /// Where the name begins.
    pub(super) start: usize,
    /// Behind the newline that ends it.
    pub(super) end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    BeforeName,
    Name,
    BeforeValue,
    Value,
    Escape,
    Single,
    Double,
    DoubleEscape,
    Comment,
    CommentEscape,
}

/// Reads one text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    comments: Comments,
    state: State,
    scan: Scan,
    /// Where the present name or comment begins.
    start: usize,
    name_end: usize,
    value: String,
    /// The length of the value without blanks at its end that are not escaped.
    kept: usize,
    written: Option<Range<usize>>,
    value_from: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn of(text: &'a str, comments: Comments) -> Self {
        Self {
            text,
            comments,
            state: State::BeforeName,
            scan: Scan::default(),
            start: 0,
            name_end: 0,
            value: String::new(),
            kept: 0,
            written: None,
            value_from: 0,
        }
    }

    pub(super) fn run(mut self) -> Scan {
        for (at, letter) in self.text.char_indices() {
            self.state = self.step(at, letter);
        }
        let end = self.text.len();
        match self.state {
            // A comment only runs on behind a newline where a backslash stands before that.
            State::Comment if self.text.ends_with(is_newline) => self.scan.open = Some(self.start),
            State::BeforeName | State::Name | State::Comment => {}
            State::CommentEscape => {
                self.scan.run_on_comments.push(self.start);
                self.scan.open = Some(self.start);
            }
            // So is a value that a backslash continues in a line that is not there.
            State::Value if self.text.ends_with(is_newline) => {
                self.push(end);
                self.scan.open = Some(self.start);
            }
            State::BeforeValue | State::Value => self.push(end),
            State::Escape | State::Single | State::Double | State::DoubleEscape => {
                self.push(end);
                self.scan.open = Some(self.start);
            }
        }
        self.scan
    }

    fn step(&mut self, at: usize, letter: char) -> State {
        let behind = at + letter.len_utf8();
        match self.state {
            State::BeforeName if is_blank(letter) => State::BeforeName,
            State::BeforeName => {
                self.start = at;
                if matches!(letter, '#' | ';') {
                    State::Comment
                } else {
                    State::Name
                }
            }
            State::Name if is_newline(letter) => State::BeforeName,
            // A name is at least one character, be it `=` itself.
            State::Name if letter == '=' => {
                self.name_end = at;
                self.value_from = behind;
                State::BeforeValue
            }
            State::Name => State::Name,
            State::BeforeValue | State::Value if is_newline(letter) => {
                self.push(behind);
                State::BeforeName
            }
            State::BeforeValue if is_blank(letter) => State::BeforeValue,
            State::BeforeValue => {
                self.writes(at..behind);
                match letter {
                    '\'' => State::Single,
                    '"' => State::Double,
                    '\\' => State::Escape,
                    other => self.takes(other),
                }
            }
            State::Value if letter == '\\' => {
                self.writes(at..behind);
                self.kept = self.value.len();
                State::Escape
            }
            State::Value if is_blank(letter) => {
                self.value.push(letter);
                State::Value
            }
            State::Value => {
                self.writes(at..behind);
                self.takes(letter)
            }
            State::Escape => {
                self.writes(at..behind);
                if is_newline(letter) {
                    State::Value
                } else {
                    self.takes(letter)
                }
            }
            State::Single | State::Double | State::DoubleEscape => self.quoted(at, letter),
            State::Comment => match letter {
                '\\' => State::CommentEscape,
                other if is_newline(other) => State::BeforeName,
                _ => State::Comment,
            },
            State::CommentEscape if is_newline(letter) => {
                self.scan.run_on_comments.push(self.start);
                match self.comments {
                    Comments::RunOn => State::Comment,
                    Comments::EndAtLine => State::BeforeName,
                }
            }
            State::CommentEscape => State::Comment,
        }
    }

    /// A step between quotes.
    fn quoted(&mut self, at: usize, letter: char) -> State {
        self.writes(at..at + letter.len_utf8());
        match (self.state, letter) {
            (State::Single, '\'') | (State::Double, '"') => {
                self.kept = self.value.len();
                State::BeforeValue
            }
            (State::Double, '\\') => State::DoubleEscape,
            (State::DoubleEscape, '\n') => State::Double,
            (State::DoubleEscape, '"' | '\\' | '`' | '$') => {
                self.value.push(letter);
                State::Double
            }
            (State::DoubleEscape, other) => {
                self.value.push('\\');
                self.value.push(other);
                State::Double
            }
            (same, other) => {
                self.value.push(other);
                same
            }
        }
    }

    fn takes(&mut self, letter: char) -> State {
        self.value.push(letter);
        self.kept = self.value.len();
        State::Value
    }

    fn writes(&mut self, range: Range<usize>) {
        let start = self.written.as_ref().map_or(range.start, |all| all.start);
        self.written = Some(start..range.end);
    }

    /// The present entry is complete. Only a plain value loses the blanks at its end.
    fn push(&mut self, end: usize) {
        let mut value = std::mem::take(&mut self.value);
        if self.state == State::Value {
            value.truncate(self.kept);
        }
        let written = self.written.take();
        self.scan.entries.push(Entry {
            name: self.text[self.start..self.name_end]
                .trim_end_matches(is_blank)
                .to_owned(),
            value,
            written: written.unwrap_or(self.value_from..self.value_from),
            start: self.start,
            end,
        });
        self.kept = 0;
    }
}

pub(super) fn is_newline(letter: char) -> bool {
    matches!(letter, '\n' | '\r')
}

pub(super) fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}
