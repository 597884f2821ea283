//! The value of an environment variable, which may be a password. Follows no source: it is a guard against printing.

use std::fmt;

/// What a variable is set to. Compares as its text, and shows only its length: `KONG_PG_PASSWORD` is a variable like any other.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value(String);

impl Value {
    /// The value `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; the caller answers for where it goes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Value({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_does_not_print_itself() {
        assert_eq!(format!("{:?}", Value::new("kong")), "Value(4 bytes)");
    }
}
