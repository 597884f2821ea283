//! Small pieces of text that every view uses.

use jiff::Timestamp;

/// Takes control characters, escape sequences and bidirectional overrides out of a foreign text, so that it cannot repaint a
/// terminal or a report. Newlines stay.
#[must_use]
pub fn clean(text: &str) -> String {
    let override_mark = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.chars()
        .filter(|c| *c == '\n' || !(c.is_control() || override_mark(*c)))
        .collect()
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
            clean("a\u{1b}[31mred\u{7}\u{202e}gnp\nnext"),
            "a[31mredgnp\nnext"
        );
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
