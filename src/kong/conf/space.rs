//! Whitespace as Lua's patterns understand it: six characters of ASCII, and no others.

/// Whether Lua's `%s` matches the character.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r')
}

/// The text without whitespace around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The text without whitespace in front of it.
pub(super) fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// The text without whitespace behind it.
pub(super) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}
