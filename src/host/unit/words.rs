//! How systemd splits a line into words: quotes, and C escapes in and outside of them. After its `extract-word.c`, and played
//! against version 252: a quote may stand anywhere in a word, and nothing needs to separate its end from what follows.

use super::escape::{Escapes, unescape};

/// What keeps a line from being read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quote that nothing closes.
    Quote,
    /// A backslash before what is no escape.
    Escape,
    /// Escaped bytes that are no text.
    Bytes,
}

/// The words of `line`, and what broke off their reading. systemd keeps the words before the break and ignores the rest.
pub(super) fn words(line: &str, escapes: Escapes) -> (Vec<String>, Option<Broken>) {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches(is_separator);
        if rest.is_empty() {
            return (words, None);
        }
        match word(rest, escapes) {
            Ok((word, length)) => {
                words.push(word);
                rest = &rest[length..];
            }
            Err(broken) => return (words, Some(broken)),
        }
    }
}

pub(super) fn is_separator(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

/// The word at the beginning of `text`, and how long it is there.
pub(super) fn word(text: &str, escapes: Escapes) -> Result<(String, usize), Broken> {
    let mut bytes = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let behind = at + letter.len_utf8();
        if letter == '\\' {
            match unescape(&text[behind..], escapes) {
                Some((unescaped, length)) => {
                    bytes.extend(unescaped);
                    at = behind + length;
                }
                // In a command an unknown escape stays as it stands.
                None if escapes == Escapes::Command => {
                    let kept = text[behind..].chars().next().map_or(0, char::len_utf8);
                    bytes.extend_from_slice(&text.as_bytes()[at..behind + kept]);
                    at = behind + kept;
                }
                None => return Err(Broken::Escape),
            }
            continue;
        }
        match quote {
            Some(open) if open == letter => quote = None,
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if is_separator(letter) => break,
            _ => bytes.extend_from_slice(&text.as_bytes()[at..behind]),
        }
        at = behind;
    }
    if quote.is_some() {
        return Err(Broken::Quote);
    }
    let word = String::from_utf8(bytes).map_err(|_| Broken::Bytes)?;
    Ok((word, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_systemd_252_was_seen_to() {
        for (line, read, broken) in [
            ("A=1 \"B=x y\"  C=3", vec!["A=1", "B=x y", "C=3"], None),
            ("\"I=1\"J=2 H='x'y", vec!["I=1J=2", "H=xy"], None),
            ("G=a\"b c\"d", vec!["G=ab cd"], None),
            ("'it\\'s' 'a\\tb'", vec!["it's", "a\tb"], None),
            (r"D=\x41\101\u00e4\s", vec!["D=AAä "], None),
            (r#"A=1 "B=\q" C=3"#, vec!["A=1"], Some(Broken::Escape)),
            (r"AA=a\ b AB=", vec![], Some(Broken::Escape)),
            ("A=1 \"B=x", vec!["A=1"], Some(Broken::Quote)),
            ("K=trailing\\", vec![], Some(Broken::Escape)),
            (r"A=\xff", vec![], Some(Broken::Bytes)),
            ("\"\" ''", vec!["", ""], None),
            (" \t", vec![], None),
        ] {
            let read = read.into_iter().map(str::to_owned).collect();
            assert_eq!(words(line, Escapes::UnitFile), (read, broken), "{line}");
        }
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let shown = r#""Q=it\"s" "D=a\$b" P=100% "B=a\\b" "T=a\tb" "A=xä\a" E="#;
        let read = [
            "Q=it\"s",
            "D=a$b",
            "P=100%",
            "B=a\\b",
            "T=a\tb",
            "A=xä\u{7}",
            "E=",
        ];
        let read = read.map(str::to_owned).to_vec();
        assert_eq!(words(shown, Escapes::Shown), (read, None));
    }
}
