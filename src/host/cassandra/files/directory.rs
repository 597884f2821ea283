//! The directory of a table: `services-5b2c1f707c3a11eeb9620242ac120002`. After `Directories.java` of 2.2.19 to 4.1.0: the name, a hyphen, the
//! id without hyphens. Before 2.1 there was no id; such a directory of an old cluster is not taken.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::host::cassandra::{Id, Name};

/// A table's directory below its keyspace's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TableDirectory {
    /// The table.
    pub table: Name,
    /// Its id when the directory was made. A table that was dropped leaves the directory with its snapshots.
    pub id: Id,
}

/// A name that is none of a table's directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a table's directory: `<table>-<id>`")]
pub struct DirectoryError(pub String);

impl FromStr for TableDirectory {
    type Err = DirectoryError;

    fn from_str(text: &str) -> Result<Self, DirectoryError> {
        let read = || {
            let (table, id) = text.rsplit_once('-')?;
            let id = id.parse().ok().filter(|_| id.len() == 32)?;
            let table = table.parse().ok()?;
            let directory = Self { table, id };
            // Of the two cases of digits only one is ever made.
            (directory.to_string() == text).then_some(directory)
        };
        read().ok_or_else(|| DirectoryError(text.to_owned()))
    }
}

impl fmt::Display for TableDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.table, self.id.digits())
    }
}

impl From<TableDirectory> for String {
    fn from(directory: TableDirectory) -> Self {
        directory.to_string()
    }
}

impl TryFrom<String> for TableDirectory {
    type Error = DirectoryError;

    fn try_from(text: String) -> Result<Self, DirectoryError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn other_names_are_errors() {
        let id = "5b2c1f707c3a11eeb9620242ac120002";
        let (upper, hyphens) = (id.to_uppercase(), "5b2c1f70-7c3a-11ee-b962-0242ac120002");
        for text in [
            "",
            "services",
            "services-",
            &format!("-{id}"),
            &format!("a b-{id}"),
            &format!("a-{upper}"),
            &format!("a-{hyphens}"),
        ] {
            assert_eq!(
                text.parse::<TableDirectory>(),
                Err(DirectoryError(text.to_owned()))
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(table in "[a-zA-Z0-9_]{1,48}", id: u128) {
            let table = table.parse().expect("a name");
            let directory = TableDirectory { table, id: Id::new(id) };
            prop_assert_eq!(directory.to_string().parse(), Ok(directory));
        }
    }
}
