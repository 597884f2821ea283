//! Splits CQL into statements, so that a semicolon in a text, a name, a body or a comment ends none. After the lexer of `Cql.g` of 3.11.

/// A part of a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A statement, without the semicolon.
    Statement(&'a str),
    /// A comment between two, `/* … */`.
    Comment(&'a str),
}

/// What has its own end, and what that is. In a text and in a name the end is doubled to stand for itself, which reads as two of them.
const CLOSED: [(&str, &str); 4] = [("'", "'"), ("\"", "\""), ("$$", "$$"), ("/*", "*/")];

/// What goes on to the end of the line.
const TO_LINE_END: [&str; 2] = ["--", "//"];

/// Splits `text`; the error is what has no end.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    let mut at = 0;
    while at < rest.len() {
        let here = &rest[at..];
        if let Some((open, close)) = CLOSED.iter().find(|(open, _)| here.starts_with(open)) {
            let end = here[open.len()..]
                .find(close)
                .ok_or_else(|| here.to_owned())?;
            let end = at + open.len() + end + close.len();
            if at == 0 && *open == "/*" {
                pieces.push(Piece::Comment(&rest[..end]));
                rest = rest[end..].trim_start();
            } else {
                at = end;
            }
        } else if TO_LINE_END.iter().any(|open| here.starts_with(open)) {
            let end = here.find('\n').map_or(rest.len(), |end| at + end);
            if at == 0 {
                rest = rest[end..].trim_start();
            } else {
                at = end;
            }
        } else if here.starts_with(';') {
            pieces.push(Piece::Statement(rest[..at].trim_end()));
            rest = rest[at + 1..].trim_start();
            at = 0;
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    let is_whole = rest.is_empty();
    is_whole.then_some(pieces).ok_or_else(|| rest.to_owned())
}

/// The first words of a statement, up to the first parenthesis; a quoted name stays quoted.
pub(super) fn words(statement: &str) -> Vec<String> {
    let head = statement.split('(').next().unwrap_or(statement);
    head.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn semicolons_inside_end_nothing() {
        let text = "a ';''' \"b;\"\"\" $$ ; $$ /* ; */ -- ;\n c; /* d; */ e // ;\n;-- f";
        let read = [
            Piece::Statement("a ';''' \"b;\"\"\" $$ ; $$ /* ; */ -- ;\n c"),
            Piece::Comment("/* d; */"),
            Piece::Statement("e // ;"),
        ];
        assert_eq!(pieces(text).expect("split"), read);
        for open in ["'", "\"", "$$", "/*", "a"] {
            assert_eq!(pieces(&format!("x; {open}")), Err(open.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn statements_are_found_again(texts in prop::collection::vec("[a-z]{1,5}( '([a-z;]|''){0,5}'| \"[a-z;]{1,4}\"| \\$\\$[a-z;']{0,4}\\$\\$){0,3}", 0..6)) {
            let joined = texts.iter().flat_map(|text| [text, ";\n\n"]).collect::<String>();
            let pieces = pieces(&joined).expect("split");
            let read: Vec<Piece<'_>> = texts.iter().map(|text| Piece::Statement(text)).collect();
            prop_assert_eq!(pieces, read);
        }
    }
}
