//! Variables in `Environment=` of a unit file or a drop-in, changed line by line.
//!
//! Invariant: an edit is tried on a copy and read again as systemd would read it; it is taken only if the variable then is what was asked
//! for and every other one what it was.

use crate::host::unit::{Assigned, Effective, UnitFile, VariableError, drop_in};

/// The section of a service's settings, as its line is written.
const SECTION: &str = "[Service]";

/// A unit file that cannot be read or changed variable by variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// systemd does not read the file.
    #[error("line {line} begins a section and does not end its name")]
    Section {
        /// The line, from 1.
        line: usize,
    },
    /// systemd breaks off reading a line.
    #[error("systemd breaks off reading line {line}")]
    Broken {
        /// The line, from 1.
        line: usize,
    },
    /// Only systemd knows the value.
    #[error(
        "`{name}` is set to something with a `%`, for which systemd puts in what only it knows"
    )]
    Specifier {
        /// The variable.
        name: String,
    },
    /// The variable cannot be written.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// It stands in a line with others, or is taken back further down.
    #[error("`{name}` cannot be changed without changing other variables")]
    NoPlace {
        /// The variable.
        name: String,
    },
}

/// The variables that a unit file sets, in the order in which they come to count; each once.
pub(super) fn variables(text: &str) -> Result<Vec<(String, String)>, UnitError> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for assignment in assignments(text)? {
        variables.retain(|(name, _)| *name != assignment.name);
        variables.push((assignment.name, assignment.value));
    }
    Ok(variables)
}

/// The text in which a variable is set to `value`, or not set.
pub(super) fn set(text: &str, name: &str, value: Option<&str>) -> Result<String, UnitError> {
    let all = assignments(text)?;
    let is_alone = |line| all.iter().filter(|one| one.line == line).count() == 1;
    let own: Vec<usize> = all
        .iter()
        .filter(|one| one.name == name)
        .map(|one| one.line)
        .collect();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_whole = |line: usize| !without_ending(lines[line - 1]).ends_with('\\');
    let edited = if let Some(value) = value {
        let written = drop_in([(name, value)])?;
        let written = written.trim_start_matches(SECTION).trim();
        match own.last() {
            Some(&line) if is_alone(line) && is_whole(line) => replaced(&lines, line, written),
            _ => added(&lines, written),
        }
    } else {
        let rest = lines.iter().zip(1..);
        rest.filter(|(_, line)| !(own.contains(line) && is_alone(*line) && is_whole(*line)))
            .map(|(line, _)| *line)
            .collect()
    };
    let mut wanted = variables(text)?;
    wanted.retain(|(other, _)| other != name);
    wanted.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    wanted.sort();
    let mut read = variables(&edited)?;
    read.sort();
    if read == wanted {
        Ok(edited)
    } else {
        let name = name.to_owned();
        Err(UnitError::NoPlace { name })
    }
}

/// `NAME=value` in a line.
struct Assignment {
    name: String,
    value: String,
    line: usize,
}

fn assignments(text: &str) -> Result<Vec<Assignment>, UnitError> {
    let file = UnitFile::of("", text).map_err(|error| UnitError::Section { line: error.line })?;
    let effective = Effective::of([&file]);
    if let Some(place) = effective.broken.first() {
        return Err(UnitError::Broken { line: place.line });
    }
    let all = effective.environment.into_iter();
    all.map(|one| match one.what {
        Assigned::Text(variable) => Ok(Assignment {
            name: variable.name,
            value: variable.value.reveal().to_owned(),
            line: one.place.line,
        }),
        Assigned::Specifier(name) => Err(UnitError::Specifier { name }),
    })
    .collect()
}

fn replaced(lines: &[&str], line: usize, written: &str) -> String {
    let mut out = lines[..line - 1].concat();
    let before = lines[line - 1];
    out.push_str(written);
    out.push_str(&before[without_ending(before).len()..]);
    out.push_str(&lines[line..].concat());
    out
}

/// Puts a line behind the last one of the section that says something, or behind everything with a section of its own.
fn added(lines: &[&str], written: &str) -> String {
    let ending = match lines.first() {
        Some(first) if first.ends_with("\r\n") => "\r\n",
        _ => "\n",
    };
    let section = lines.iter().rposition(|line| line.trim() == SECTION);
    let (at, head) = match section {
        Some(section) => {
            let behind = &lines[section + 1..];
            let end = behind
                .iter()
                .position(|line| line.trim_start().starts_with('['));
            let behind = &behind[..end.unwrap_or(behind.len())];
            let last = behind.iter().rposition(|line| !line.trim().is_empty());
            (section + 1 + last.map_or(0, |last| last + 1), String::new())
        }
        None if lines.is_empty() => (0, format!("{SECTION}{ending}")),
        None => (lines.len(), format!("{ending}{SECTION}{ending}")),
    };
    let mut out = lines[..at].concat();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push_str(ending);
    }
    out.extend([&head, written, ending]);
    out.push_str(&lines[at..].concat());
    out
}

fn without_ending(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}
