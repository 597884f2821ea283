//! Lua without its comments.

use super::super::evidence::TextFile;

/// The same file with a space for every character of a comment; lines stay where they are.
pub(super) fn without_comments(file: &TextFile) -> TextFile {
    let mut text = String::with_capacity(file.text.len());
    let mut rest = file.text.as_str();
    while let Some(first) = rest.chars().next() {
        let (end, is_comment) = if let Some(comment) = rest.strip_prefix("--") {
            let end = long_bracket(comment).unwrap_or_else(|| line(comment));
            (2 + end, true)
        } else if let Some(end) = long_bracket(rest) {
            (end, false)
        } else if matches!(first, '"' | '\'') {
            (quoted(rest, first), false)
        } else {
            (first.len_utf8(), false)
        };
        let (part, behind) = rest.split_at(end);
        if is_comment {
            text.extend(part.chars().map(|c| if c == '\n' { c } else { ' ' }));
        } else {
            text.push_str(part);
        }
        rest = behind;
    }
    TextFile {
        path: file.path.clone(),
        text,
    }
}

/// How long a `[[…]]` or `[=[…]=]` is with which a text begins.
fn long_bracket(text: &str) -> Option<usize> {
    let behind = text.strip_prefix('[')?;
    let level = behind.len() - behind.trim_start_matches('=').len();
    behind[level..].strip_prefix('[')?;
    let end = format!("]{}]", "=".repeat(level));
    Some(
        text.find(&end)
            .map_or(text.len(), |start| start + end.len()),
    )
}

fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// How long a string is with which a text begins, quotes included; it ends with its line at the latest.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = true;
    for (index, letter) in text.char_indices() {
        if letter == '\n' {
            return index;
        }
        if letter == quote && !escaped {
            return index + 1;
        }
        // The quote that opens it does not close it.
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let file = TextFile {
            path: "handler.lua".to_owned(),
            text: text.to_owned(),
        };
        without_comments(&file).text
    }

    #[test]
    fn comments_go_and_strings_stay() {
        assert_eq!(told("a = 1 -- b\nc"), "a = 1     \nc");
        assert_eq!(told("--[[ a\nb ]] c"), "      \n     c");
        assert_eq!(told("--[==[ ]] ]==] c"), "               c");
        assert_eq!(told("x = \"--\" .. '--'"), "x = \"--\" .. '--'");
        assert_eq!(told("x = [[ -- ]] y"), "x = [[ -- ]] y");
        assert_eq!(told("t[t[1]] = 'it\\'s --'"), "t[t[1]] = 'it\\'s --'");
        assert_eq!(told("ä = 1 -- ö"), "ä = 1     ");
    }
}
