//! Names and values inside SQL text, for the statements that take no parameters.

/// `name` as an identifier.
pub(in crate::gateway::live) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `value` as a literal; every session has `standard_conforming_strings` on, so a backslash is a backslash.
pub(super) fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// `schema.table` as an identifier.
pub(in crate::gateway::live) fn qualified(schema: &str, table: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's \\"), "'it''s \\'");
        assert_eq!(qualified("public", "acls"), "\"public\".\"acls\"");
    }
}
