//! Numbers as Lua reads and prints them, for Kong turns every value that looks like one into a number on its way in.
//!
//! Knows nothing of settings. Source: `tonumber` and `tostring` of `LuaJIT`, played against.

use super::space;

/// How many significant digits Lua prints, and where it goes over to an exponent.
const DIGITS: i32 = 14;

/// More significant digits than any number of 64 bits has.
const ALL_DIGITS: usize = 770;

/// The exponent from which on a text is no number to `LuaJIT`.
const EXCESSIVE_EXPONENT: i32 = 1 << 20;

/// What Lua prints of a text after reading it as a number: `5` of `05`, `1.2345678901235e+16` of `12345678901234567`. `None` where the
/// text is no number.
pub(super) fn printed(text: &str) -> Option<String> {
    read(text).map(print)
}

/// The number a text is to Lua: decimal, hexadecimal or binary, with whitespace around it.
pub(super) fn read(text: &str) -> Option<f64> {
    let text = space::trim(text);
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let number = unsigned(&digits.to_ascii_lowercase())?;
    Some(if is_negative { -number } else { number })
}

fn unsigned(digits: &str) -> Option<f64> {
    match digits {
        "inf" | "infinity" => return Some(f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    if let Some(digits) = digits.strip_prefix("0x") {
        return hexadecimal(digits);
    }
    if let Some(digits) = digits.strip_prefix("0b") {
        let is_binary = !digits.is_empty() && digits.bytes().all(|digit| b"01".contains(&digit));
        return is_binary.then(|| {
            digits
                .bytes()
                .fold(0.0, |sum, digit| sum * 2.0 + f64::from(digit - b'0'))
        });
    }
    let (mantissa, exponent) = match digits.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let is_decimal = mantissa.bytes().any(|byte| byte.is_ascii_digit())
        && mantissa
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_decimal || exponent.is_some_and(|exponent| scale(exponent).is_none()) {
        return None;
    }
    // The standard library's grammar of decimals is the same, but for words; those are gone here.
    digits.parse().ok()
}

/// `1a.8p4`: hexadecimal digits, with an exponent of two.
fn hexadecimal(digits: &str) -> Option<f64> {
    let (mantissa, exponent) = match digits.split_once('p') {
        Some((mantissa, exponent)) => (mantissa, scale(exponent)?),
        None => (digits, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    for digit in whole.chars().chain(part.chars()) {
        sum = sum * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let shift = exponent.checked_sub(i32::try_from(part.len()).ok()?.checked_mul(4)?)?;
    Some(sum * 2f64.powi(shift))
}

fn scale(exponent: &str) -> Option<i32> {
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let scale: Option<i32> = is_number.then(|| exponent.parse().ok()).flatten();
    scale.filter(|scale| scale.abs() <= EXCESSIVE_EXPONENT)
}

/// `%.14g`, halves rounded away from zero.
fn print(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}inf");
    }
    let (digits, exponent) = rounded(number.abs());
    let significant = digits.trim_end_matches('0');
    let (first, rest) = significant.split_at(significant.len().min(1));
    let point = if rest.is_empty() { "" } else { "." };
    if first.is_empty() {
        format!("{sign}0")
    } else if !(-4..DIGITS).contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        let exponent = exponent.abs();
        format!("{sign}{first}{point}{rest}e{direction}{exponent:02}")
    } else if let Ok(whole) = usize::try_from(exponent) {
        let (whole, part) = digits.split_at(whole + 1);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{part}")
    } else {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or_default());
        format!("{sign}0.{zeros}{significant}")
    }
}

/// The significant digits of a number, and the exponent of the first. The standard library rounds halves to even digits, so it is
/// asked for all digits there are.
fn rounded(number: f64) -> (String, i32) {
    let exact = format!("{number:.ALL_DIGITS$e}");
    let (mantissa, exponent) = exact.split_once('e').unwrap_or((&exact, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    let kept = usize::try_from(DIGITS).unwrap_or_default();
    let (kept, dropped) = digits.split_at(kept);
    let mut kept = kept.to_vec();
    if dropped.first().is_some_and(|&digit| digit >= b'5') {
        let Some(last) = kept.iter().rposition(|&digit| digit < b'9') else {
            kept.fill(b'0');
            kept[0] = b'1';
            return (text(&kept), exponent + 1);
        };
        kept[last] += 1;
        kept[last + 1..].fill(b'0');
    }
    (text(&kept), exponent)
}

fn text(digits: &[u8]) -> String {
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::printed;

    #[test]
    fn numbers_are_what_luajit_makes_of_them() {
        let cases = [
            ("0x10", "16"),
            ("0b101", "5"),
            ("1e400", "inf"),
            ("-inf", "-inf"),
            ("+nan", "nan"),
            ("5.", "5"),
            ("+.5", "0.5"),
            ("1e5", "100000"),
            ("0123", "123"),
            ("12345678901234567890", "1.2345678901235e+19"),
            ("123456789012345", "1.2345678901235e+14"),
            ("12345678901234", "12345678901234"),
            ("0x1p4", "16"),
            ("0x.8", "0.5"),
            ("0xffffffffffffffffff", "4.7223664828696e+21"),
            ("12 \r", "12"),
            ("1e-400", "0"),
            ("0.1", "0.1"),
            ("0.00001", "1e-05"),
            ("0.0001", "0.0001"),
            ("-0", "-0"),
            ("1.5e+3", "1500"),
            ("+0x1A", "26"),
            ("-infinity", "-inf"),
            ("99999999999999.9", "1e+14"),
            ("123456789012325", "1.2345678901233e+14"),
            ("-1234567890123.25", "-1234567890123.3"),
            ("0.000123456789012345", "0.00012345678901234"),
        ];
        for (text, number) in cases {
            assert_eq!(printed(text).as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in [
            "",
            "+",
            "12LL",
            "1_000",
            "1i",
            "0x",
            "1e",
            "1e+",
            "00x1",
            "+ 5",
            "--5",
            "0b",
            "0b2",
            "012b",
            "0x1g",
            "1d",
            "10m",
            "1.2.3",
            ".",
            "1e999999999999",
            "0.0.0.0",
            "１",
        ] {
            assert_eq!(printed(text), None, "{text}");
        }
    }
}
