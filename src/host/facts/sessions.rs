//! Open sessions, as `loginctl` tells them. After `loginctl(1)` and what its versions from 219 to 256 print; not recorded, since no login
//! manager runs on the test machine. Columns come and go from version to version, so each cell is read under its heading.

use std::ops::Range;

use serde::Serialize;

/// The question whose answer [`sessions`] reads.
pub const SESSIONS: [&str; 3] = ["loginctl", "--no-pager", "list-sessions"];

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The user's number.
    pub user_number: u32,
    /// The user's name.
    pub user: String,
    /// The seat, of somebody who sits before the host.
    pub seat: Option<String>,
    /// The terminal; nothing where a session only runs a command.
    pub terminal: Option<String>,
}

/// An answer that is no table of sessions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionsError {
    /// A heading that every version has.
    #[error("the answer of `loginctl` has no column `{column}`")]
    Missing {
        /// Which.
        column: &'static str,
    },
    /// A line that tells of no session.
    #[error("line {line} of the answer of `loginctl` tells of no session: `{text}`")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

/// Reads the answer to [`SESSIONS`].
pub fn sessions(answer: &str) -> Result<Vec<Session>, SessionsError> {
    let mut lines = answer.lines().zip(1..);
    let heading = lines.next().map_or("", |(text, _)| text);
    if heading.starts_with("No sessions") {
        return Ok(Vec::new());
    }
    let headings = words(heading);
    for column in ["SESSION", "UID", "USER"] {
        let is_there = headings.iter().any(|(word, _)| *word == column);
        if !is_there {
            return Err(SessionsError::Missing { column });
        }
    }
    // Behind an empty line stands how many there are.
    let rows = lines.take_while(|(text, _)| !text.trim().is_empty());
    let read = |(text, line): (&str, usize)| {
        row(text, &headings).ok_or_else(|| SessionsError::Line {
            line,
            text: text.to_owned(),
        })
    };
    rows.map(read).collect()
}

fn row(text: &str, headings: &[(&str, Range<usize>)]) -> Option<Session> {
    let cells = words(text);
    let cell = |column: &str| {
        let under = |(_, place): &&(&str, Range<usize>)| {
            let shared = |heading: &Range<usize>| {
                let end = heading.end.min(place.end);
                end.saturating_sub(heading.start.max(place.start))
            };
            // A cell stands under the heading that it shares most columns with; some are aligned on the left, some on the right.
            let best = headings.iter().max_by_key(|(_, heading)| shared(heading));
            best.is_some_and(|(word, heading)| *word == column && shared(heading) > 0)
        };
        let found = cells.iter().find(under).map(|(word, _)| (*word).to_owned());
        found.filter(|word| word != "-")
    };
    Some(Session {
        id: cell("SESSION")?,
        user_number: cell("UID")?.parse().ok()?,
        user: cell("USER")?,
        seat: cell("SEAT"),
        terminal: cell("TTY"),
    })
}

/// The words of a line, and the columns that they stand in.
fn words(line: &str) -> Vec<(&str, Range<usize>)> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        let end = at + word.len();
        if !word.is_empty() {
            words.push((word, at..end));
        }
        at = end + 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(
        id: &str,
        user_number: u32,
        user: &str,
        seat: Option<&str>,
        terminal: Option<&str>,
    ) -> Session {
        Session {
            id: id.to_owned(),
            user_number,
            user: user.to_owned(),
            seat: seat.map(str::to_owned),
            terminal: terminal.map(str::to_owned),
        }
    }

    #[test]
    fn tables_of_several_versions_are_read() {
        let read = vec![
            session("2", 1000, "ada", Some("seat0"), Some("tty2")),
            session("c11", 120, "bob", None, Some("pts/0")),
            session("5", 0, "root", None, None),
        ];
        let empty = "SESSION  UID USER SEAT  TTY  \n      2 1000 ada  seat0 tty2 \n    c11  120 bob        pts/0\n      5    0 root            \n\n3 sessions listed.\n";
        assert_eq!(sessions(empty), Ok(read.clone()));
        let dashes = "SESSION  UID USER SEAT  TTY  \n      2 1000 ada  seat0 tty2 \n    c11  120 bob  -     pts/0\n      5    0 root -     -    \n\n3 sessions listed.\n";
        assert_eq!(sessions(dashes), Ok(read.clone()));
        let more = "SESSION  UID USER SEAT  LEADER CLASS TTY   IDLE SINCE\n      2 1000 ada  seat0 1234   user  tty2  no   -    \n\
            \x20   c11  120 bob  -     1235   user  pts/0 no   -    \n      5    0 root -     1236   user  -     no   -    \n\n3 sessions listed.\n";
        assert_eq!(sessions(more), Ok(read));
    }

    #[test]
    fn no_session_and_no_table_are_told_apart() {
        assert_eq!(sessions("No sessions.\n"), Ok(vec![]));
        assert_eq!(
            sessions("SESSION UID USER SEAT TTY\n\n0 sessions listed.\n"),
            Ok(vec![])
        );
        assert_eq!(
            sessions(""),
            Err(SessionsError::Missing { column: "SESSION" })
        );
        let error = sessions("SESSION UID USER SEAT TTY\n      1   x me\n").expect_err("refused");
        assert_eq!(
            error.to_string(),
            "line 2 of the answer of `loginctl` tells of no session: `      1   x me`"
        );
    }
}
