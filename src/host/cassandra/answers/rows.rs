//! Rows, one JSON object each: what cqlsh prints for `SELECT JSON`. After `bin/cqlsh.py` (`print_result`) and `pylib/cqlshlib/formatting.py`
//! (`format_value_text`) of 2.2.19, 3.0.28, 3.11.14, 4.0.7 and 4.1.0.
//!
//! JSON, since in a table of several columns a value with ` | ` in it cannot be told from two. cqlsh doubles each backslash and prints other
//! control characters by their number, and says last how many rows there were, which is compared. It reads a page after another by itself
//! where nobody sits before it; a page only has its own width.

use serde::de::DeserializeOwned;

/// An answer that is not rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// A line is no row.
    #[error("line {line} of the answer of `cqlsh` is no row of JSON: `{text}`")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The number of rows is another, or not said.
    #[error("the answer of `cqlsh` has {found} rows and does not say so: it was cut off")]
    CutOff {
        /// How many were found.
        found: usize,
    },
}

/// Reads the rows of an answer to `SELECT JSON`.
pub fn rows<T: DeserializeOwned>(answer: &str) -> Result<Vec<T>, RowsError> {
    let mut rows = Vec::new();
    let mut lines = answer.lines().zip(1..);
    for (text, line) in lines.by_ref() {
        if let Some(count) = text
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(" rows)"))
        {
            // Warnings may follow.
            let found = rows.len();
            let is_whole = count.parse() == Ok(found);
            return is_whole.then_some(rows).ok_or(RowsError::CutOff { found });
        }
        let text = text.trim();
        let is_frame = text.is_empty() || text == "[json]" || text.bytes().all(|byte| byte == b'-');
        if !is_frame {
            let row = serde_json::from_str(&text.replace("\\\\", "\\"));
            rows.push(row.map_err(|_| RowsError::Line {
                line,
                text: text.to_owned(),
            })?);
        }
    }
    Err(RowsError::CutOff { found: rows.len() })
}

/// Reads the answer to [`Cqlsh::count`](super::Cqlsh::count).
pub fn counted(answer: &str) -> Result<u64, RowsError> {
    #[derive(serde::Deserialize)]
    struct Counted {
        count: u64,
    }
    let read: Vec<Counted> = rows(answer)?;
    match read[..] {
        [Counted { count }] => Ok(count),
        _ => Err(RowsError::CutOff { found: read.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Row {
        name: String,
    }

    fn names(answer: &str) -> Result<Vec<String>, RowsError> {
        let read: Vec<Row> = rows(answer)?;
        Ok(read.into_iter().map(|row| row.name).collect())
    }

    #[test]
    fn pages_are_read() {
        let answer = "\n [json]\n---------------\n {\"name\": \"a\"}\n {\"name\": \"bb | \\\\\"\"}\n     {\"name\": \"c\"}\n\n(3 rows)\n\nWarnings :\nAggregation query used without partition key\n\n";
        let read = ["a", "bb | \"", "c"].map(str::to_owned);
        assert_eq!(names(answer), Ok(read.to_vec()));
        assert_eq!(names("\n [json]\n--------\n\n(0 rows)\n"), Ok(vec![]));
    }

    #[test]
    fn rows_are_counted() {
        let answer = "\n [json]\n---------------\n {\"count\": 12}\n\n(1 rows)\n";
        assert_eq!(counted(answer), Ok(12));
        assert!(counted("\n(0 rows)\n").is_err());
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let cut = RowsError::CutOff { found: 1 };
        assert_eq!(names(" {\"name\": \"a\"}\n"), Err(cut.clone()));
        assert_eq!(names(" {\"name\": \"a\"}\n\n(2 rows)\n"), Err(cut));
        let error = names("\n name\n------\n a\n\n(1 rows)\n").expect_err("refused");
        let text = "name".to_owned();
        assert_eq!(error, RowsError::Line { line: 2, text });
    }
}
