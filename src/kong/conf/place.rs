//! Where a setting goes that is not yet in the file.

use super::line::{Ending, Line};
use super::read::{Meaning, Reading, is_skipped};
use super::{Document, space};

/// Where a new line for a key can stand, the best place first; whether Kong reads it there as it should, the caller has to try.
pub(super) fn places(document: &Document, key: &str) -> Vec<usize> {
    let lines = &document.lines;
    let below = |mentions: fn(&str, &str) -> bool| {
        let found = lines.iter().position(|line| mentions(&line.text, key));
        found.map(|index| index + 1)
    };
    // Kong's own file has `#key = value`; with a space behind the sign it may be a sentence.
    let default = below(is_default).or_else(|| below(is_remark));
    let statements = &document.reading.statements;
    let section = statements
        .iter()
        .find(|statement| statement.meaning == Meaning::Section)
        .map(|statement| statement.lines[0]);
    let unfinished = document.reading.unfinished.first().copied();
    let places = [default, Some(lines.len()), unfinished, section];
    let places = places.into_iter().flatten();
    places
        .filter(|&at| !is_continued(&document.reading, at))
        .collect()
}

/// Whether the line before a place is continued behind it, even if only by what Kong drops.
fn is_continued(reading: &Reading, at: usize) -> bool {
    let joins = |lines: &[usize]| {
        let last = lines.last().is_some_and(|&last| at <= last);
        last && lines.first().is_some_and(|&first| first < at)
    };
    reading
        .statements
        .iter()
        .any(|statement| joins(&statement.lines))
        || reading.unfinished.first().is_some_and(|&first| first < at)
}

/// How the lines of a file end: as its first one does.
pub(super) fn end(lines: &[Line]) -> Ending {
    match lines.first().map(|line| line.ending) {
        Some(Ending::ReturnFeed) => Ending::ReturnFeed,
        _ => Ending::Feed,
    }
}

fn is_default(text: &str, key: &str) -> bool {
    let text = space::trim_start(text);
    let commented = text.trim_start_matches(['#', ';']);
    commented.len() < text.len() && gives(commented, key)
}

fn is_remark(text: &str, key: &str) -> bool {
    let text = space::trim_start(text);
    is_skipped(text) && gives(space::trim_start(text.trim_start_matches(['#', ';'])), key)
}

fn gives(text: &str, key: &str) -> bool {
    let behind = text.strip_prefix(key).map(space::trim_start);
    behind.is_some_and(|behind| behind.starts_with('='))
}
