//! Ids as Cassandra has them: of hosts, of schemas, of tables. A table's is written two ways: with hyphens in its tables, and without in
//! the names of its directories (`Directories.java` of 2.2 to 4.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where the hyphens stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// An id of 128 bits. It is printed with hyphens, in lowercase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Id(u128);

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no id of 32 hexadecimal digits")]
pub struct IdError(pub String);

impl Id {
    /// The id of these bits.
    #[must_use]
    pub fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// As it stands in the name of a directory: 32 digits without hyphens.
    #[must_use]
    pub fn digits(self) -> String {
        format!("{:032x}", self.0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let (a, b, c) = (&digits[..8], &digits[8..12], &digits[12..16]);
        write!(f, "{a}-{b}-{c}-{}-{}", &digits[16..20], &digits[20..])
    }
}

impl FromStr for Id {
    type Err = IdError;

    /// Reads either form.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let no = || IdError(text.to_owned());
        let digits: String = match text.len() {
            32 => text.to_owned(),
            36 if HYPHENS.iter().all(|at| text.as_bytes()[*at] == b'-') => text.replace('-', ""),
            _ => return Err(no()),
        };
        // The parser of numbers would take a sign.
        let is_hexadecimal =
            digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let bits = is_hexadecimal.then(|| u128::from_str_radix(&digits, 16).ok());
        bits.flatten().map(Self).ok_or_else(no)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn both_forms_are_read() {
        let hyphens = "5b2c1f70-7c3a-11ee-b962-0242ac120002";
        let id: Id = hyphens.parse().expect("an id");
        assert_eq!(id.to_string(), hyphens);
        assert_eq!(id.digits(), "5b2c1f707c3a11eeb9620242ac120002");
        assert_eq!(id.digits().parse(), Ok(id));
    }

    #[test]
    fn other_texts_are_errors() {
        let signed = format!("+{}", "1".repeat(31));
        let misplaced = "5b2c1f7-07c3a-11ee-b962-0242ac120002";
        let twelve = "ü".repeat(16);
        for text in ["", "null", &signed, misplaced, &twelve] {
            assert_eq!(text.parse::<Id>(), Err(IdError(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(bits: u128) {
            let id = Id::new(bits);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.digits().parse(), Ok(id));
        }
    }
}
