//! Standard output is data, standard error is for people. A terminal that fails is dropped; the run goes on.
//!
//! Whatever is printed passes here, and nothing that passes can do anything to a terminal but be shown: what is foreign was cleaned
//! where it was put in its place, and this is for what nobody thought of.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use crate::gateway::redaction::redacted;
use crate::render::{acts, clean_lines};

/// Writes lines of data, for people or programs that read lines.
pub(super) fn data(text: &str) {
    print(&safe(text));
}

/// Writes JSON. Characters that would act are written as JSON escapes: whoever parses it reads the same.
pub(super) fn json(text: &str) {
    print(&escaped(&redacted(text)));
}

fn print(text: &str) {
    // Whoever reads may be gone; that must not end a run.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line for people.
pub(super) fn people(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", safe(text));
}

/// Nothing that acts, but for the colours of our own excerpts where those are wanted.
fn safe(text: &str) -> String {
    let text = &redacted(text);
    if !color() {
        return clean_lines(text);
    }
    let mut parts = text.split('\u{1b}');
    let mut safe = clean_lines(parts.next().unwrap_or_default());
    for part in parts {
        let colour = part.strip_prefix('[').and_then(|rest| rest.split_once('m'));
        let is_colour = |codes: &str| codes.chars().all(|c| c.is_ascii_digit() || c == ';');
        if colour.is_some_and(|(codes, _)| is_colour(codes)) {
            safe.push('\u{1b}');
        }
        safe.push_str(&clean_lines(part));
    }
    safe
}

/// `text`, which is JSON, with every character escaped that would act. They stand in strings alone.
fn escaped(text: &str) -> Cow<'_, str> {
    let acting = |c: char| c != '\n' && acts(c);
    if !text.contains(acting) {
        return text.into();
    }
    let mut whole = String::with_capacity(text.len());
    for c in text.chars() {
        if acting(c) {
            let _ = write!(whole, "\\u{:04x}", u32::from(c));
        } else {
            whole.push(c);
        }
    }
    whole.into()
}

/// Whether people read standard error at a terminal.
pub(super) fn at_terminal() -> bool {
    std::io::stderr().is_terminal() && std::io::stdin().is_terminal()
}

/// Whether colours are wanted: at a terminal that can show them, unless `NO_COLOR` is set.
pub(super) fn color() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() && !dumb
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn json_with_escapes_is_the_same_value_and_acts_on_nothing() {
        let value = serde_json::json!({ "a": "x\u{202e}y\u{9b}2J\u{7f}", "b": "plain" });
        let text = serde_json::to_string_pretty(&value).expect("plain data");
        let safe = escaped(&text);
        assert!(!safe.contains(['\u{202e}', '\u{9b}', '\u{7f}']), "{safe}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).ok(),
            Some(value)
        );
    }
}
