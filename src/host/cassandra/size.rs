//! Sizes as nodetool prints them: `1.18 KiB`. After `FileUtils.stringifyFileSize`: two places, a unit that is always a power of 1024, and
//! which 3.0 and before call `KB`, 3.11 and later `KiB`.

use serde::Serialize;

/// The units, and how often 1024 goes into each.
const UNITS: [(&str, i32); 9] = [
    ("bytes", 0),
    ("KB", 1),
    ("KiB", 1),
    ("MB", 2),
    ("MiB", 2),
    ("GB", 3),
    ("GiB", 3),
    ("TB", 4),
    ("TiB", 4),
];

/// A rounded size.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct Size {
    number: f64,
    power: i32,
}

impl Size {
    /// Reads `1.18 KiB`; `None` if it is none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (number, unit) = text.split_once(' ')?;
        let (_, power) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let is_decimal = number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = number.parse().ok().filter(|_| is_decimal)?;
        Some(Self {
            number,
            power: *power,
        })
    }

    /// The most bytes that are printed so.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size is not negative, and a cast stops at the largest number"
    )]
    pub fn at_most(self) -> u64 {
        let rounded = if self.power == 0 { 0.0 } else { 0.005 };
        ((self.number + rounded) * 1024_f64.powi(self.power)).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_each_version_are_read() {
        let at_most = |text: &str| Size::of(text).map(Size::at_most);
        assert_eq!(at_most("13 bytes"), Some(13));
        assert_eq!(at_most("5.15 KB"), at_most("5.15 KiB"));
        assert_eq!(at_most("5.15 KiB"), Some(5279));
        assert_eq!(at_most("1 TiB"), Some(1_105_009_185_915));
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "?",
            "1.5",
            "1.5 kB",
            "-783397322 bytes",
            "inf bytes",
            "1,5 KiB",
            "1.5  KiB",
        ] {
            assert_eq!(Size::of(text), None, "{text}");
        }
    }
}
