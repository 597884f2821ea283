//! Who is logged in, as `who` tells it. After `who(1)`; recorded from coreutils 9.1 with a made list of logins. A login that writes no
//! record there, such as one that only runs a command, is not told.

use serde::Serialize;

/// The question whose answer [`logins`] reads.
pub const LOGINS: [&str; 2] = ["who", "-u"];

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The terminal, `pts/0`.
    pub terminal: String,
    /// Since when, in the host's own words and time.
    pub since: String,
    /// How long nobody has typed there.
    pub idle: Idle,
    /// The login's process.
    pub process: u32,
    /// Where from, as the host wrote it down.
    pub from: Option<String>,
}

/// How long nobody has typed at a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Idle {
    /// Less than a minute.
    Active,
    /// So many minutes.
    Minutes(u32),
    /// More than a day.
    Old,
    /// The terminal is not there, or cannot be looked at.
    Unknown,
}

/// A line that tells of no login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `who` tells of no login: `{text}`")]
pub struct LoginsError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`LOGINS`].
pub fn logins(answer: &str) -> Result<Vec<Login>, LoginsError> {
    let lines = answer.lines().zip(1..);
    let read = |(text, line): (&str, usize)| {
        of(text).ok_or_else(|| LoginsError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

fn of(text: &str) -> Option<Login> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let from = words.pop_if(|word| word.starts_with('('));
    let from = from.map(|word| word.trim_matches(['(', ')']).to_owned());
    let process = words.pop()?.parse().ok()?;
    let idle = idle(words.pop()?)?;
    let (user, terminal, since) = match words[..] {
        [user, terminal, ref since @ ..] if !since.is_empty() => (user, terminal, since.join(" ")),
        _ => return None,
    };
    Some(Login {
        user: user.to_owned(),
        terminal: terminal.to_owned(),
        since,
        idle,
        process,
        from,
    })
}

fn idle(word: &str) -> Option<Idle> {
    Some(match word {
        "." => Idle::Active,
        "old" => Idle::Old,
        "?" => Idle::Unknown,
        word => {
            let (hours, minutes) = word.split_once(':')?;
            let hours: u32 = hours.parse().ok()?;
            Idle::Minutes(hours.checked_mul(60)?.checked_add(minutes.parse().ok()?)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(
        user: &str,
        terminal: &str,
        since: &str,
        idle: Idle,
        process: u32,
        from: Option<&str>,
    ) -> Login {
        Login {
            user: user.to_owned(),
            terminal: terminal.to_owned(),
            since: since.to_owned(),
            idle,
            process,
            from: from.map(str::to_owned),
        }
    }

    #[test]
    fn recorded_logins_are_read() {
        let read = vec![
            login(
                "ada",
                "pts/0",
                "Nov 30 02:14",
                Idle::Unknown,
                1234,
                Some("192.0.2.7"),
            ),
            login("root", "tty1", "Nov 30 02:20", Idle::Old, 1235, None),
            login(
                "bob",
                "pts/1",
                "Nov 30 02:21",
                Idle::Unknown,
                1236,
                Some("build.example"),
            ),
        ];
        assert_eq!(
            logins(include_str!("../../../tests/fixtures/host/facts/who.txt")),
            Ok(read)
        );
        assert_eq!(logins(""), Ok(vec![]));
    }

    #[test]
    fn logins_of_the_documents_are_read() {
        // After who(1), not recorded: a terminal in use, and the dates of other languages.
        let read = vec![
            login(
                "ada",
                "pts/0",
                "2026-11-30 02:14",
                Idle::Active,
                1,
                Some(":0"),
            ),
            login(
                "ada",
                "pts/1",
                "2026-11-30 02:14",
                Idle::Minutes(65),
                2,
                None,
            ),
        ];
        let answer =
            "ada pts/0 2026-11-30 02:14   .   1 (:0)\nada pts/1 2026-11-30 02:14 01:05 2\n";
        assert_eq!(logins(answer), Ok(read));
        for text in [
            "ada pts/0",
            "ada pts/0 Nov 30 02:14 . x",
            "ada pts/0 . 1",
            "",
        ] {
            assert!(logins(&format!("{text}\n")).is_err(), "{text}");
        }
    }
}
