//! A command of a service as its file has it: prefixes, words, several commands in a line. After `systemd.service(5)` and recorded
//! answers of version 252.

use serde::Serialize;

use super::command::Directive;
use super::escape::Escapes;
use super::words::{is_separator, word};

/// What may stand before a command's program, and changes how it is run.
const PREFIXES: [char; 6] = ['@', '-', ':', '+', '!', '|'];

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExecLine {
    /// The setting that it stands in.
    pub directive: Directive,
    /// The program and its arguments, before variables and specifiers are put in.
    pub words: Vec<String>,
    /// Whether its failure is none of the service.
    pub ignores_errors: bool,
}

impl ExecLine {
    /// The commands of one setting; `None` where a quote is not closed, for which systemd ignores them all.
    pub(super) fn all_of(directive: Directive, value: &str) -> Option<Vec<Self>> {
        let mut commands = Vec::new();
        let mut words = Vec::new();
        let mut rest = value;
        loop {
            rest = rest.trim_start_matches(is_separator);
            let lone = rest.split(is_separator).next().unwrap_or_default();
            let (next, length) = match lone {
                "" | ";" => {
                    commands.extend(Self::of(directive, std::mem::take(&mut words)));
                    if rest.is_empty() {
                        return Some(commands);
                    }
                    rest = &rest[1..];
                    continue;
                }
                "\\;" => (";".to_owned(), 2),
                _ => word(rest, Escapes::Command).ok()?,
            };
            words.push(next);
            rest = &rest[length..];
        }
    }

    fn of(directive: Directive, mut words: Vec<String>) -> Option<Self> {
        let first = words.first_mut()?;
        let program = first.trim_start_matches(PREFIXES).to_owned();
        let prefixes = first[..first.len() - program.len()].to_owned();
        *first = program;
        if prefixes.contains('@') && words.len() > 1 {
            // The second word is the name that the program is called by.
            words.remove(1);
        }
        Some(Self {
            directive,
            words,
            ignores_errors: prefixes.contains('-'),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<Vec<(Vec<String>, bool)>> {
        let all = ExecLine::all_of(Directive::ExecStartPre, value)?.into_iter();
        Some(all.map(|one| (one.words, one.ignores_errors)).collect())
    }

    #[test]
    fn lines_are_read_as_systemd_252_was_seen_to() {
        for (value, commands) in [
            (
                "@-/bin/true first second ; /bin/true third",
                vec![
                    (vec!["/bin/true", "second"], true),
                    (vec!["/bin/true", "third"], false),
                ],
            ),
            (
                "-/bin/true \"two words\" semi\\;colon",
                vec![(vec!["/bin/true", "two words", "semi\\;colon"], true)],
            ),
            (
                "!/bin/sh -c \"exec sleep 4 $$\"",
                vec![(vec!["/bin/sh", "-c", "exec sleep 4 $$"], false)],
            ),
            (
                "echo / >/dev/null & \\; ls",
                vec![(vec!["echo", "/", ">/dev/null", "&", ";", "ls"], false)],
            ),
            (" ; ", vec![]),
        ] {
            let commands = commands.into_iter();
            let commands = commands
                .map(|(words, ignores)| (words.into_iter().map(str::to_owned).collect(), ignores));
            assert_eq!(read(value), Some(commands.collect()), "{value}");
        }
        assert_eq!(read("/bin/echo \"open"), None);
    }
}
