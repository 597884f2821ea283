//! The escapes of `$'…'`, in which browsers copy what has a quote, a newline or anything beyond ASCII in it.

use super::error::Refusal;

/// The text that stands for what is between the quotes.
pub(super) fn unescape(quoted: &str) -> Result<String, Refusal> {
    // An escape may name a byte, so that only the whole is a text again.
    let mut bytes = Vec::new();
    let mut rest = quoted;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character == '\\' {
            rest = escape(rest, &mut bytes)?;
        } else {
            push(character, &mut bytes);
        }
    }
    if bytes.contains(&0) {
        return Err(Refusal::new(
            "has a zero byte, where the shell ends the text",
            "put the bytes into a file and write `--data-binary @FILE`",
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        Refusal::new(
            "has bytes that are no text in UTF-8",
            "put the bytes into a file and write `--data-binary @FILE`",
        )
    })
}

/// Reads one escape behind its backslash, and answers what follows it.
fn escape<'a>(rest: &'a str, bytes: &mut Vec<u8>) -> Result<&'a str, Refusal> {
    let Some(letter) = rest.chars().next() else {
        bytes.push(b'\\');
        return Ok(rest);
    };
    let after = &rest[letter.len_utf8()..];
    let simple = match letter {
        'a' => 7,
        'b' => 8,
        't' => b'\t',
        'n' => b'\n',
        'v' => 11,
        'f' => 12,
        'r' => b'\r',
        'e' | 'E' => 27,
        '\\' | '\'' | '"' | '?' => {
            push(letter, bytes);
            return Ok(after);
        }
        '0'..='7' => return Ok(number(rest, 3, 8, |code| push_byte(code, bytes))),
        'x' if begins_hexadecimal(after) => {
            return Ok(number(after, 2, 16, |code| push_byte(code, bytes)));
        }
        'u' if begins_hexadecimal(after) => return character(after, 4, bytes),
        'U' if begins_hexadecimal(after) => return character(after, 8, bytes),
        'c' => {
            return Err(Refusal::new(
                "has an escape `\\c`, which is a control character",
                "write it as `\\x` and two digits",
            ));
        }
        // The shell keeps the backslash of an escape that it does not know.
        _ => {
            bytes.push(b'\\');
            return Ok(rest);
        }
    };
    bytes.push(simple);
    Ok(after)
}

fn begins_hexadecimal(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_hexdigit())
}

/// Gives the number that the text begins with to `take`, and answers what follows.
fn number(text: &str, most_digits: usize, radix: u32, take: impl FnOnce(u32)) -> &str {
    let digits = text.chars().take(most_digits);
    let length = digits.take_while(|digit| digit.is_digit(radix)).count();
    let (digits, after) = text.split_at(length);
    take(u32::from_str_radix(digits, radix).unwrap_or_default());
    after
}

fn character<'a>(
    text: &'a str,
    most_digits: usize,
    bytes: &mut Vec<u8>,
) -> Result<&'a str, Refusal> {
    let mut code = 0;
    let after = number(text, most_digits, 16, |read| code = read);
    let Some(character) = char::from_u32(code) else {
        return Err(Refusal::new(
            format!("has the escape of U+{code:04X}, which is no character"),
            "write the character itself, or `\\U` and its number",
        ));
    };
    push(character, bytes);
    Ok(after)
}

fn push(character: char, bytes: &mut Vec<u8>) {
    bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// An octal number of three digits can be larger than a byte, of which the shell takes the lower bits.
fn push_byte(code: u32, bytes: &mut Vec<u8>) {
    bytes.push(code.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_the_shell() {
        for (quoted, text) in [
            (r"a\nb\tc\\d\'e\?", "a\nb\tc\\d'e?"),
            (r"\u00e9\u0021\U0001f600\xc3\xa9\303\251", "é!😀éé"),
            (r"\e[0m\a\b\v\f\r", "\u{1b}[0m\u{7}\u{8}\u{b}\u{c}\r"),
            (r"\x4", "\u{4}"),
            (r"\q\xzz\uzz\", r"\q\xzz\uzz\"),
            (r"\501", "A"),
        ] {
            assert_eq!(unescape(quoted), Ok(text.to_owned()), "{quoted}");
        }
        for wrong in [r"\0", r"\xff", r"\ud83d\ude00", r"\U99999999", r"\cA"] {
            assert!(unescape(wrong).is_err(), "{wrong}");
        }
    }
}
