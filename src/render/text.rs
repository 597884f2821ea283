//! Small pieces of text that every view uses.

use jiff::Timestamp;

/// A foreign text in one line, without what could repaint a terminal or a report: control characters, escape sequences, bidirectional
/// overrides. A line of its own could be taken for one of ours.
#[must_use]
pub fn clean(text: &str) -> String {
    let lines = text.split(|c: char| c == '\r' || breaks_lines(c));
    let lines: Vec<String> = lines
        .map(printable)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ⏎ ")
}

/// The same for a text of ours in which foreign words have their place already: its lines stay.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// Whether a character does something to a terminal or to the order of a text instead of being shown.
#[must_use]
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn breaks_lines(c: char) -> bool {
    matches!(
        c,
        '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

fn printable(line: &str) -> String {
    // A tab is shown, and would be missed.
    let line = line.replace('\t', "    ");
    line.chars().filter(|c| !acts(*c)).collect()
}

/// So many things, in words: `1 fault`, `2 faults`.
#[must_use]
pub fn counted(number: usize, thing: &str) -> String {
    if number == 1 {
        format!("1 {thing}")
    } else {
        format!("{number} {thing}s")
    }
}

/// The time between two moments, in the unit that a person would use.
#[must_use]
pub fn duration(from: Timestamp, to: Timestamp) -> String {
    milliseconds(u64::try_from(to.duration_since(from).as_millis()).unwrap_or_default())
}

/// So many milliseconds, in the unit that a person would use.
#[must_use]
pub(super) fn milliseconds(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        60_000..3_600_000 => format!(
            "{} min {} s",
            milliseconds / 60_000,
            milliseconds % 60_000 / 1_000
        ),
        _ => format!(
            "{} h {} min",
            milliseconds / 3_600_000,
            milliseconds % 3_600_000 / 60_000
        ),
    }
}

/// The same, rounded up: for what is not to take longer.
#[must_use]
pub(super) fn at_most(limit: u64) -> String {
    let unit = match limit {
        0..1_000 => 1,
        1_000..60_000 => 100,
        60_000..3_600_000 => 1_000,
        _ => 60_000,
    };
    milliseconds(limit.next_multiple_of(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_cannot_repaint_a_terminal() {
        assert_eq!(
            clean("a\u{1b}[31mred\u{7}\u{202e}gnp\r\ndone after 1 s\u{85}\u{9b}2Jx"),
            "a[31mredgnp ⏎ done after 1 s ⏎ 2Jx"
        );
        assert_eq!(clean_lines("a\u{1b}[2J\n\tb\u{2066}"), "a[2J\n    b");
    }

    #[test]
    fn a_limit_is_rounded_up() {
        let told = [5, 30_380, 59_950, 75_001, 7_380_001].map(at_most);
        assert_eq!(
            told,
            ["5 ms", "30.4 s", "1 min 0 s", "1 min 16 s", "2 h 4 min"]
        );
    }

    #[test]
    fn durations_are_told_in_the_unit_that_a_person_would_use() {
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).expect("in range");
        let told = [5, 1_250, 75_000, 7_380_000].map(|end| duration(at(0), at(end)));
        assert_eq!(told, ["5 ms", "1.2 s", "1 min 15 s", "2 h 3 min"]);
    }
}
