//! Rows of Kong's tables as a script may have them: what names and routes is shown, all else is sealed. Pure.

use std::collections::BTreeMap;

use super::changes::VISIBLE;

/// A row by column. A column that is NULL is absent; one that may hold a secret is a [`SEALED`] digest.
pub type Row = BTreeMap<String, String>;

/// What a sealed value begins with; behind it are 32 hexadecimal digits, a digest under a key that nobody is shown. Two sealed values
/// of one key are the same where what they stand for is.
pub const SEALED: &str = "sealed:";

/// Whether a column of a PostgreSQL type is shown. Everything else is sealed, whether a schema calls it a secret or not: plugins
/// bring tables that nobody here has seen, and a list of what is secret ends where the next plugin begins.
#[must_use]
pub fn is_shown(column: &str, r#type: &str) -> bool {
    // Keys of rows, made at random. Names of clients in a protocol are texts.
    r#type == "uuid" || VISIBLE.contains(&column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_sealed() {
        for (column, r#type) in [
            ("key", "text"),
            ("password", "text"),
            ("config", "jsonb"),
            ("client_id", "text"),
            ("client_secret", "text"),
            ("custom_id", "text"),
            ("uuid", "text"),
        ] {
            assert!(!is_shown(column, r#type), "{column}");
        }
        for (column, r#type) in [("id", "uuid"), ("consumer_id", "uuid"), ("paths", "text[]")] {
            assert!(is_shown(column, r#type), "{column}");
        }
    }
}
