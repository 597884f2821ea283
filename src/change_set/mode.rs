//! The mode of a file: who may read, write and execute it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The bits of a mode.
const BITS: u32 = 0o7777;

/// A file's mode, written in four octal digits: `0640`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mode(u32);

/// A text that is not a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mode is three or four octal digits, such as `0640`")]
pub struct ModeError;

impl Mode {
    /// The mode in the lower bits of what the system tells; the type of the file above them is left out.
    #[must_use]
    pub const fn of(bits: u32) -> Self {
        Self(bits & BITS)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether somebody may execute the file, or becomes somebody else by it.
    pub(super) fn runs(self) -> bool {
        self.0 & 0o6111 != 0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04o}", self.0)
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let is_octal = text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        if !is_octal || !matches!(text.len(), 3 | 4) {
            return Err(ModeError);
        }
        u32::from_str_radix(text, 8)
            .map(Self)
            .map_err(|_| ModeError)
    }
}

impl TryFrom<String> for Mode {
    type Error = ModeError;

    fn try_from(text: String) -> Result<Self, ModeError> {
        text.parse()
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        mode.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn a_mode_is_octal() {
        assert_eq!("640".parse::<Mode>().expect("a mode").to_string(), "0640");
        assert_eq!(Mode::of(0o100_755).bits(), 0o755);
        for text in ["", "8", "0o640", "-640", "00640", "rw-", "64", "+640"] {
            assert!(text.parse::<Mode>().is_err(), "{text}");
        }
    }
}
