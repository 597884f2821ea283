//! The statements that make a keyspace: what cqlsh prints for `DESCRIBE KEYSPACE`. After `bin/cqlsh.py` and `cassandra/metadata.py` of its
//! Python driver (up to 3.11, where cqlsh puts the text together) and `cql3/statements/DescribeStatement.java` (from 4.0, where the node does).
//!
//! A table that CQL cannot make is not left out but stands in a comment, which nobody executes: it is told here by its warning.

use serde::{Deserialize, Serialize};

use super::scan_cql::{Piece, pieces, words};
use crate::host::cassandra::Name;

/// What a statement makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The keyspace.
    Keyspace,
    /// A type.
    Type,
    /// A function or an aggregate.
    Function,
    /// A table.
    Table,
    /// An index of a table.
    Index,
    /// A view of a table.
    View,
    /// A trigger of a table.
    Trigger,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it makes.
    pub kind: Kind,
    /// The table that it makes, or whose index or trigger.
    pub table: Option<Name>,
    /// The statement, without the semicolon.
    pub text: String,
}

/// All that makes a keyspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The keyspace.
    pub keyspace: Name,
    /// The statements, in the order in which they can be executed.
    pub statements: Vec<Statement>,
    /// The warnings of what no statement makes.
    pub left_out: Vec<String>,
}

/// An answer that does not describe a keyspace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A text, a name, a comment or the last statement has no end: the answer was cut off.
    #[error("the answer of `cqlsh` ends in the middle of: `{0}`")]
    CutOff(String),
    /// A statement makes nothing that is known here.
    #[error("the answer of `cqlsh` has a statement that makes nothing known here: `{0}`")]
    Unknown(String),
    /// The first statement does not make the keyspace.
    #[error("the answer of `cqlsh` does not begin with the keyspace")]
    NoKeyspace,
}

impl Schema {
    /// Reads the answer to [`Cqlsh::describe`](super::Cqlsh::describe).
    pub fn of(answer: &str) -> Result<Self, SchemaError> {
        let (mut statements, mut left_out) = (Vec::new(), Vec::new());
        let mut keyspace = None;
        for piece in pieces(answer).map_err(SchemaError::CutOff)? {
            match piece {
                Piece::Comment(text) => {
                    let warning = text
                        .lines()
                        .map(str::trim)
                        .find_map(|line| line.strip_prefix("Warning: "));
                    left_out.extend(warning.map(str::to_owned));
                }
                Piece::Statement(text) => {
                    let unknown = || SchemaError::Unknown(text.to_owned());
                    let words = words(text);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    if keyspace.is_none() {
                        let ["CREATE", "KEYSPACE", name, ..] = words[..] else {
                            return Err(SchemaError::NoKeyspace);
                        };
                        keyspace = Some(unquoted(name).ok_or(SchemaError::NoKeyspace)?);
                    }
                    let (kind, table) = kind(&words).ok_or_else(unknown)?;
                    let table = table
                        .map(|name| unquoted(name).ok_or_else(unknown))
                        .transpose()?;
                    statements.push(Statement {
                        kind,
                        table,
                        text: text.to_owned(),
                    });
                }
            }
        }
        Ok(Self {
            keyspace: keyspace.ok_or(SchemaError::NoKeyspace)?,
            statements,
            left_out,
        })
    }

    /// The statements that make `table` and what belongs to it.
    pub fn of_table<'a>(&'a self, table: &'a Name) -> impl Iterator<Item = &'a Statement> {
        let is_its = move |one: &&Statement| one.table.as_ref() == Some(table);
        self.statements.iter().filter(is_its)
    }

    /// The tables that it makes.
    pub fn tables(&self) -> impl Iterator<Item = &Name> {
        let made = self.statements.iter().filter(|one| one.kind == Kind::Table);
        made.filter_map(|one| one.table.as_ref())
    }
}

/// What a statement makes, and of which table.
fn kind<'a>(words: &[&'a str]) -> Option<(Kind, Option<&'a str>)> {
    // `ON kong.services`: the table that an index, a trigger or a view belongs to.
    let of = |before: &str| {
        let mut behind = words.iter().skip_while(|word| **word != before).skip(1);
        behind.next().copied()
    };
    let kind = match words[..] {
        ["CREATE", "KEYSPACE", ..] => (Kind::Keyspace, None),
        ["CREATE", "TYPE", ..] => (Kind::Type, None),
        ["CREATE", "FUNCTION" | "AGGREGATE", ..] => (Kind::Function, None),
        ["CREATE", "TABLE", name, ..] => (Kind::Table, Some(name)),
        ["CREATE", "INDEX", ..] | ["CREATE", "CUSTOM", "INDEX", ..] => {
            (Kind::Index, Some(of("ON")?))
        }
        ["CREATE", "TRIGGER", ..] => (Kind::Trigger, Some(of("ON")?)),
        ["CREATE", "MATERIALIZED", "VIEW", ..] => (Kind::View, None),
        _ => return None,
    };
    Some(kind)
}

/// `services` of `kong."services"`.
fn unquoted(name: &str) -> Option<Name> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let quoted = last
        .strip_prefix('"')
        .and_then(|last| last.strip_suffix('"'));
    quoted.unwrap_or(last).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = include_str!("../../../../tests/fixtures/cassandra/describe.txt");

    #[test]
    fn a_printed_answer_is_split() {
        let schema = Schema::of(PRINTED).expect("read");
        assert_eq!(schema.keyspace.as_str(), "kong");
        let tables: Vec<&str> = schema.tables().map(Name::as_str).collect();
        let made = [
            "services",
            "consumers",
            "ratelimiting_metrics",
            "sessions",
            "schema_meta",
        ];
        assert_eq!(tables, made);
        let left_out = "Table kong.Old omitted because it has constructs not compatible with CQL (was created via legacy API).";
        assert_eq!(schema.left_out, [left_out]);
        let consumers = "consumers".parse().expect("a name");
        let kinds: Vec<Kind> = schema.of_table(&consumers).map(|one| one.kind).collect();
        assert_eq!(kinds, [Kind::Table, Kind::Index, Kind::Index]);
        let index = &schema.of_table(&consumers).nth(1).expect("an index").text;
        assert_eq!(
            index,
            "CREATE INDEX consumers_custom_id_idx ON kong.consumers (custom_id)"
        );
        assert!(PRINTED.contains("comment = 'it''s Kong''s; not ours'"));
    }

    #[test]
    fn nothing_is_lost() {
        let schema = Schema::of(PRINTED).expect("read");
        for one in &schema.statements {
            assert!(PRINTED.contains(&format!("{};", one.text)), "{}", one.text);
        }
        assert_eq!(
            PRINTED.matches("CREATE").count(),
            schema.statements.len() + 1
        );
    }

    #[test]
    fn quoted_names_and_bodies_are_read() {
        let text = "CREATE KEYSPACE \"Kong\" WITH a;CREATE FUNCTION \"Kong\".f() AS $$ return \";'\"; $$;\nCREATE TABLE \"Kong\".\"Old\" (a int); CREATE CUSTOM INDEX i ON \"Kong\".\"Old\" (a) USING 'x';";
        let schema = Schema::of(text).expect("read");
        assert_eq!(schema.keyspace.as_str(), "Kong");
        let old = "Old".parse().expect("a name");
        assert_eq!(
            (schema.statements.len(), schema.of_table(&old).count()),
            (4, 2)
        );
    }

    #[test]
    fn other_answers_are_errors() {
        let cut = |text: &str| SchemaError::CutOff(text.to_owned());
        assert_eq!(Schema::of(""), Err(SchemaError::NoKeyspace));
        assert_eq!(
            Schema::of("'kong' not found;"),
            Err(SchemaError::NoKeyspace)
        );
        assert_eq!(
            Schema::of("CREATE KEYSPACE kong WITH x"),
            Err(cut("CREATE KEYSPACE kong WITH x"))
        );
        assert_eq!(
            Schema::of("CREATE KEYSPACE kong; /* Warning"),
            Err(cut("/* Warning"))
        );
        let drops = "CREATE KEYSPACE kong; DROP KEYSPACE kong;";
        assert_eq!(
            Schema::of(drops),
            Err(SchemaError::Unknown("DROP KEYSPACE kong".to_owned()))
        );
        let half = PRINTED.get(..2000).expect("long");
        assert!(matches!(Schema::of(half), Err(SchemaError::CutOff(_))));
    }
}
