//! Rows on their way to a script: what may be secret is sealed.

use super::super::Live;
use super::super::postgres::{RowsError, TableRows};
use super::super::seal::Seal;
use crate::gateway::Failure;
use crate::kong::rows::{Row, is_shown};

impl Live {
    /// The rows, with everything sealed that is not shown.
    pub(super) fn sealed(&self, read: TableRows) -> Result<Vec<Row>, Failure> {
        let storage = &self.environment.storage.path;
        let seal = Seal::of(storage).map_err(|error| {
            let message = format!("cannot use the key `{}/seal.key`: {error}", storage.display());
            Failure::new("database.rows.seal", message)
                .hint("a key that is damaged can be removed: the next look makes another, and earlier answers compare with none of its")
        })?;
        let sealed = |(column, value): (String, String)| {
            let r#type = read.types.get(&column).map_or("", String::as_str);
            let value = if is_shown(&column, r#type) {
                value
            } else {
                seal.seal(&value)
            };
            (column, value)
        };
        let rows = read.rows.into_iter();
        Ok(rows
            .map(|row| row.into_iter().map(sealed).collect())
            .collect())
    }
}

impl From<RowsError> for Failure {
    fn from(error: RowsError) -> Self {
        let message = error.to_string();
        match error {
            RowsError::Postgres(error) => error.into(),
            RowsError::Unknown { .. } => Self::new("database.rows.unknown", message)
                .hint("tables are named as in PostgreSQL: `consumers`, `keyauth_credentials`"),
            RowsError::Many { .. } => Self::new("database.rows.many", message)
                .hint("`kong::entities` counts them; a backup's proof compares them all"),
        }
    }
}
