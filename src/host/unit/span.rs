//! Lengths of time as systemd prints them: `1min 30s`, `100ms`, `infinity`. After `systemd.time(7)`.

use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

/// The units that systemd prints, in microseconds.
const UNITS: [(&str, u64); 9] = [
    ("y", 31_557_600_000_000),
    ("month", 2_629_800_000_000),
    ("w", 604_800_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// A length of time, which may be endless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// So long.
    Of(Duration),
    /// For ever.
    Infinity,
}

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a length of time (`1min 30s`, `infinity`)")]
pub struct SpanError {
    /// What was given.
    pub text: String,
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        if text == "infinity" {
            return Ok(Self::Infinity);
        }
        if text == "0" {
            return Ok(Self::Of(Duration::ZERO));
        }
        let micros = total(text).ok_or_else(|| SpanError {
            text: text.to_owned(),
        })?;
        Ok(Self::Of(Duration::from_micros(micros)))
    }
}

/// The sum of the parts, in microseconds.
fn total(text: &str) -> Option<u64> {
    let mut sum = 0_u64;
    let mut parts = text.split_whitespace().peekable();
    parts.peek()?;
    for part in parts {
        let unit = part.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        let number = &part[..part.len() - unit.len()];
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(scaled(number, *factor)?)?;
    }
    Some(sum)
}

/// `number`, which may have a fraction, times `factor`.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut sum = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    let mut place = factor;
    for digit in fraction.chars() {
        place /= 10;
        sum = sum.checked_add(u64::from(digit.to_digit(10)?) * place)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        for (text, micros) in [
            ("100ms", 100_000),
            ("1min 30s", 90_000_000),
            ("1.500000s", 1_500_000),
            ("0", 0),
            ("1h 2min 3s 4ms 5us", 3_723_004_005),
        ] {
            let span = Span::Of(Duration::from_micros(micros));
            assert_eq!(text.parse(), Ok(span), "{text}");
        }
        assert_eq!("infinity".parse(), Ok(Span::Infinity));
        for text in [
            "",
            "90",
            "s",
            "1 s",
            "1.2.3s",
            "1fortnight",
            "99999999999999y",
            "-1s",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
