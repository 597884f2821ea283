//! The C escapes of systemd's words, after the table of `systemd.syntax(7)`: read one, write a text with them.

/// Whose escapes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Those that unit files may have.
    UnitFile,
    /// The same, in a command: there an unknown one is no error.
    Command,
    /// Those that `systemctl show` prints, which also escapes what a shell would expand.
    Shown,
}

/// The bytes that the escape at the beginning of `text` stands for, and its length; `text` begins behind the backslash. `None`
/// where systemd knows no such escape.
pub(super) fn unescape(text: &str, escapes: Escapes) -> Option<(Vec<u8>, usize)> {
    let first = text.chars().next()?;
    let plain = match first {
        'a' => 0x07,
        'b' => 0x08,
        't' => b'\t',
        'n' => b'\n',
        'v' => 0x0b,
        'f' => 0x0c,
        'r' => b'\r',
        's' => b' ',
        '\\' => b'\\',
        '"' => b'"',
        '\'' => b'\'',
        '$' if escapes == Escapes::Shown => b'$',
        '`' if escapes == Escapes::Shown => b'`',
        'x' => return number(text, 1, 2, 16).and_then(byte),
        '0'..='7' => return number(text, 0, 3, 8).and_then(byte),
        'u' => return number(text, 1, 4, 16).and_then(character),
        'U' => return number(text, 1, 8, 16).and_then(character),
        _ => return None,
    };
    Some((vec![plain], 1))
}

/// The number of exactly `digits` digits behind `skip` bytes, and where it ends.
fn number(text: &str, skip: usize, digits: usize, radix: u32) -> Option<(u32, usize)> {
    let end = skip + digits;
    let digits = text.get(skip..end)?;
    let all = digits.chars().all(|digit| digit.is_digit(radix));
    let value = all.then(|| u32::from_str_radix(digits, radix).ok());
    Some((value??, end))
}

fn byte((value, end): (u32, usize)) -> Option<(Vec<u8>, usize)> {
    let byte = u8::try_from(value).ok()?;
    // A zero byte would end the word where it is used.
    (byte != 0).then(|| (vec![byte], end))
}

fn character((value, end): (u32, usize)) -> Option<(Vec<u8>, usize)> {
    let character = char::from_u32(value)?;
    (value != 0).then(|| (character.to_string().into_bytes(), end))
}

/// `text` between double quotes for `Environment=` of a unit file. A `$` has no meaning there and stays as it is; a `%` has one.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '%' => out.push_str("%%"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_the_table() {
        let read = |text| unescape(text, Escapes::UnitFile);
        for (text, bytes, length) in [
            ("nx", "\n", 1),
            ("x41b", "A", 3),
            ("101", "A", 3),
            ("u00e4", "ä", 5),
            ("U0001f600", "😀", 9),
            ("s", " ", 1),
        ] {
            assert_eq!(read(text), Some((bytes.into(), length)), "{text}");
        }
        for text in [
            "", "q", "x4", "xg0", "000", "x00", "400", "ud800", "u00", "$", " ", "x+1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(unescape("$", Escapes::Shown), Some((b"$".to_vec(), 1)));
    }
}
