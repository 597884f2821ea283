//! A unit file or a drop-in, read as systemd reads it. After `systemd.syntax(7)` and `conf-parser.c`, and played against version 252.

use serde::Serialize;

/// A file's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFile {
    /// Its path.
    pub path: String,
    /// Its settings, in their order. An empty value takes back what stood before where the setting is a list.
    pub settings: Vec<Setting>,
    /// Lines that systemd warns of and ignores.
    pub ignored: Vec<Ignored>,
}

/// `Key=value` in a section.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The section, without its brackets.
    pub section: String,
    /// The key.
    pub key: String,
    /// The value as written, its continued lines joined with spaces.
    pub value: String,
    /// The line that it begins in, from 1.
    pub line: usize,
}

impl std::fmt::Debug for Setting {
    /// Without the value: `Environment=` may set a password.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            section, key, line, ..
        } = self;
        write!(out, "Setting([{section}] {key}= in line {line})")
    }
}

/// A line that systemd ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// It has no `=`.
    NoAssignment {
        /// The line, from 1.
        line: usize,
    },
    /// It stands before the first section.
    NoSection {
        /// The line, from 1.
        line: usize,
    },
}

/// A file that systemd does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of `{path}` begins a section and does not end its name")]
pub struct UnitFileError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

impl UnitFile {
    /// Reads `text`, which stands in `path`.
    pub fn of(path: &str, text: &str) -> Result<Self, UnitFileError> {
        let mut file = Self {
            path: path.to_owned(),
            settings: Vec::new(),
            ignored: Vec::new(),
        };
        let mut section = None;
        for (line, logical) in logical_lines(text) {
            let logical = logical.trim_matches(BLANKS);
            if logical.is_empty() {
                continue;
            }
            if let Some(rest) = logical.strip_prefix('[') {
                let name = rest.strip_suffix(']').ok_or_else(|| UnitFileError {
                    path: path.to_owned(),
                    line,
                })?;
                section = Some(name.to_owned());
                continue;
            }
            match (logical.split_once('='), &section) {
                (None, _) => file.ignored.push(Ignored::NoAssignment { line }),
                (_, None) => file.ignored.push(Ignored::NoSection { line }),
                (Some((key, value)), Some(section)) => file.settings.push(Setting {
                    section: section.clone(),
                    key: key.trim_end_matches(BLANKS).to_owned(),
                    value: value.trim_start_matches(BLANKS).to_owned(),
                    line,
                }),
            }
        }
        Ok(file)
    }

    /// The settings of one section.
    pub fn section<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a Setting> {
        let all = self.settings.iter();
        all.filter(move |setting| setting.section == section)
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Lines with those that continue them, numbered by the first. Comments count for nothing, between continued lines too.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut continued: Option<(usize, String)> = None;
    // A mark of byte order is passed over.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, number) in text.split('\n').zip(1..) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim_start_matches(BLANKS).starts_with(['#', ';']) {
            continue;
        }
        let (first, mut whole) = continued.take().unwrap_or_else(|| (number, String::new()));
        whole.push_str(line);
        if ends_with_an_escape(&whole) {
            whole.pop();
            whole.push(' ');
            continued = Some((first, whole));
        } else {
            lines.push((first, whole));
        }
    }
    lines.extend(continued);
    lines
}

/// Whether the last character is a backslash that no other one escapes.
fn ends_with_an_escape(line: &str) -> bool {
    let backslashes = line.len() - line.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String, usize)> {
        let file = UnitFile::of("/x", text).expect("it is read");
        let settings = file.settings.into_iter();
        settings
            .map(|one| (one.section, one.key, one.value, one.line))
            .collect()
    }

    #[test]
    fn the_example_of_the_manual_is_read() {
        let text = "[Section C]\nKeyThree=value 3\\\n# this line is ignored\n; this line is ignored too\n       value 3 continued\n";
        let value = "value 3        value 3 continued".to_owned();
        let setting = ("Section C".to_owned(), "KeyThree".to_owned(), value, 2);
        assert_eq!(read(text), [setting]);
    }

    #[test]
    fn keys_and_values_lose_the_blanks_around_them() {
        let text = "[Service]\r\n Environment = A=1 \r\nExecStart=\r\n\tUser=a\\\\\n";
        let of = |key: &str, value: &str, line| {
            ("Service".to_owned(), key.to_owned(), value.to_owned(), line)
        };
        let settings = [
            of("Environment", "A=1", 2),
            of("ExecStart", "", 3),
            of("User", "a\\\\", 4),
        ];
        assert_eq!(read(text), settings);
    }

    #[test]
    fn what_systemd_ignores_is_told() {
        let file = UnitFile::of("/x", "A=1\n[S]\nnonsense\nB=2\\").expect("it is read");
        let ignored = [
            Ignored::NoSection { line: 1 },
            Ignored::NoAssignment { line: 3 },
        ];
        assert_eq!(file.ignored, ignored);
        assert_eq!(file.settings[0].value, "2");
        let error = UnitFile::of("/x", "\n[S\n").expect_err("refused");
        let text = "line 2 of `/x` begins a section and does not end its name";
        assert_eq!(error.to_string(), text);
    }
}
