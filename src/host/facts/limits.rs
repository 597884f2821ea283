//! What a process may have of the kernel. After `proc(5)`; recorded from Linux.

use std::collections::BTreeMap;

use serde::Serialize;

/// The file whose text [`Limits::of`] reads.
#[must_use]
pub fn limits_file(process: u32) -> String {
    format!("/proc/{process}/limits")
}

/// The width of the names and of the numbers behind them, each with a blank.
const WIDTHS: (usize, usize) = (26, 21);

/// All limits of a process by the kernel's names, `Max open files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limits(BTreeMap<String, Limit>);

/// A limit; nothing is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// The one in force.
    pub soft: Option<u64>,
    /// The one that the process may raise it to.
    pub hard: Option<u64>,
}

/// A line that is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of a process's limits cannot be read: `{text}`")]
pub struct LimitsError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl Limits {
    /// Reads the file.
    pub fn of(text: &str) -> Result<Self, LimitsError> {
        let lines = text.lines().zip(1..).skip(1);
        let read = |(text, line): (&str, usize)| {
            limit(text).ok_or_else(|| LimitsError {
                line,
                text: text.to_owned(),
            })
        };
        Ok(Self(lines.map(read).collect::<Result<_, _>>()?))
    }

    /// How many files it may have open; nothing where the kernel does not say.
    #[must_use]
    pub fn open_files(&self) -> Option<Limit> {
        self.get("Max open files")
    }

    /// The limit of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Limit> {
        self.0.get(name).copied()
    }
}

fn limit(text: &str) -> Option<(String, Limit)> {
    let (name, numbers) = text.split_at_checked(WIDTHS.0)?;
    let (soft, rest) = numbers.split_at_checked(WIDTHS.1)?;
    let (hard, _) = rest.split_at_checked(WIDTHS.1)?;
    let limit = Limit {
        soft: number(soft)?,
        hard: number(hard)?,
    };
    Some((name.trim_end().to_owned(), limit))
}

/// The outer `None` is a text that is no number.
#[expect(
    clippy::option_option,
    reason = "no limit and no number are two things"
)]
fn number(text: &str) -> Option<Option<u64>> {
    match text.trim_end() {
        "unlimited" => Some(None),
        number => Some(Some(number.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_limits_are_read() {
        let limits = Limits::of(include_str!(
            "../../../tests/fixtures/host/facts/limits.txt"
        ))
        .expect("read");
        let limit = |soft, hard| Some(Limit { soft, hard });
        assert_eq!(limits.open_files(), limit(Some(20_000), Some(20_000)));
        assert_eq!(limits.get("Max stack size"), limit(Some(8_388_608), None));
        assert_eq!(limits.get("Max nice priority"), limit(Some(0), Some(0)));
        assert_eq!(limits.0.len(), 16);
        assert_eq!(limits.get("Max"), None);
    }

    #[test]
    fn other_lines_are_errors() {
        let error = Limits::of("Limit\nMax open files 1 2").expect_err("refused");
        assert_eq!(error.line, 2);
    }
}
