//! Why nodetool did not do what it was told. After `NodeTool.java` of 3.0.28, 3.11.14 and 4.1.0 (exit 1 with `nodetool: …` on the output for
//! a wrong call and for no connection, exit 2 with `error: …` on the error output for everything else) and `StorageService.java` of the
//! same for the sentences.

use serde::Serialize;

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Nothing listens where nodetool looks: the node is not running, or its port is another.
    NotConnected,
    /// The node wants a password.
    NotAllowed,
    /// A table of the keyspace already has a snapshot of that name, perhaps from a call that failed halfway.
    TagTaken,
    /// The node is still joining.
    Joining,
    /// There is no such keyspace or table.
    NotFound,
    /// The disk is full.
    NoSpace,
    /// The call itself was wrong.
    WrongCall,
    /// Something else.
    Other,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// The line that says so; empty where none does.
    pub line: String,
}

/// What a cause is known by, in the order in which it is looked for.
const PHRASES: [(&str, Cause); 12] = [
    ("Failed to connect to '", Cause::NotConnected),
    ("Connection refused", Cause::NotConnected),
    ("Authentication failed", Cause::NotAllowed),
    ("Credentials required", Cause::NotAllowed),
    ("Access Denied", Cause::NotAllowed),
    ("Cannot snapshot until bootstrap completes", Cause::Joining),
    (" already exists.", Cause::TagTaken),
    ("No space left on device", Cause::NoSpace),
    ("does not exist", Cause::NotFound),
    ("Unknown keyspace", Cause::NotFound),
    ("Unknown table", Cause::NotFound),
    ("nodetool: ", Cause::WrongCall),
];

impl Failure {
    /// Finds the cause in what a call that failed printed, on both of its outputs.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // Behind its heading, a stack trace repeats the cause of the cause.
        let told = text.split("-- StackTrace --").next().unwrap_or(text);
        let lines = || told.lines().filter(|line| !line.trim().is_empty());
        for (phrase, cause) in PHRASES {
            if let Some(line) = lines().find(|line| line.contains(phrase)) {
                // A refused password arrives as a connection that failed.
                let is_refused = cause == Cause::NotConnected && line.contains("SecurityException");
                return Self {
                    cause: if is_refused { Cause::NotAllowed } else { cause },
                    line: line.to_owned(),
                };
            }
        }
        Self {
            cause: Cause::Other,
            line: lines().next().unwrap_or_default().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found() {
        for (text, cause) in [
            (
                "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused (Connection refused)'.\n",
                Cause::NotConnected,
            ),
            (
                "nodetool: Failed to connect to '127.0.0.1:7199' - SecurityException: 'Authentication failed! Invalid username or password'.\n",
                Cause::NotAllowed,
            ),
            (
                "Requested creating snapshot(s) for [kong] with snapshot name [a] and options {skipFlush=false}\nerror: Snapshot a already exists.\n-- StackTrace --\njava.io.IOException: Snapshot a already exists.\n",
                Cause::TagTaken,
            ),
            (
                "error: Cannot snapshot until bootstrap completes\n",
                Cause::Joining,
            ),
            ("error: Keyspace kong does not exist\n", Cause::NotFound),
            (
                "nodetool: Keyspace [nope] does not exist.\nSee 'nodetool help' or 'nodetool help <command>'.\n",
                Cause::NotFound,
            ),
            (
                "nodetool: refresh requires ks and cf args\nSee 'nodetool help' or 'nodetool help <command>'.\n",
                Cause::WrongCall,
            ),
            (
                "error: null\n-- StackTrace --\njava.lang.AssertionError: already exists.\n",
                Cause::Other,
            ),
            ("", Cause::Other),
        ] {
            assert_eq!(Failure::of(text).cause, cause, "{text}");
        }
        let taken = Failure::of("a\nerror: Snapshot x already exists.\n-- StackTrace --\n");
        assert_eq!(taken.line, "error: Snapshot x already exists.");
    }
}
