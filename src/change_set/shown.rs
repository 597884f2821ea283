//! How foreign text is shown to a person: nothing in it may move the cursor, change the direction of reading, or be invisible.

/// What is told of a secret.
pub(super) const HIDDEN: &str = "a secret";

/// Whether a character does something else than being seen: control characters, and those that change direction or have no width.
pub(super) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A value between quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter => push(&mut out, letter),
        }
    }
    out.push('"');
    out
}

/// The lines of a text, each behind `margin`. Tabs stay.
pub(super) fn lines(text: &str, margin: &str) -> String {
    let mut out = String::new();
    for line in text.split_terminator('\n') {
        out.push_str(margin);
        for letter in line.chars() {
            match letter {
                '\t' => out.push('\t'),
                letter => push(&mut out, letter),
            }
        }
        out.push('\n');
    }
    out
}

fn push(out: &mut String, letter: char) {
    if is_hidden(letter) {
        out.extend(letter.escape_default());
    } else {
        out.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_spelt_out() {
        assert_eq!(
            quoted("a\"b\\c\nd\u{1b}[31mé\u{202e}"),
            "\"a\\\"b\\\\c\\nd\\u{1b}[31mé\\u{202e}\""
        );
        assert_eq!(
            lines("a\tb\r\n\n\u{200b}c", "  "),
            "  a\tb\\r\n  \n  \\u{200b}c\n"
        );
    }
}
