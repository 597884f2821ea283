//! How cqlsh is asked, and why it failed. After `bin/cqlsh.py` of 2.2.19, 3.0.28, 3.11.14, 4.0.7 and 4.1.0: exit 1 where it did not connect,
//! exit 2 where a statement failed, with the driver's name of the error and its text on the error output.
//!
//! A password never stands in a vector, where every user of the host could read it, but in a file that only cqlsh's user can.

use serde::{Deserialize, Serialize};

use crate::host::cassandra::Name;

/// The seconds that a statement may take: those that empty a table wait for every node.
const SECONDS: u32 = 120;

/// Where cqlsh is to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cqlsh {
    /// The node's address for clients.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// The file with user, password and certificates; nothing for the one in the home directory.
    pub settings: Option<String>,
}

/// Why a statement failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CqlshCause {
    /// There was no connection.
    NotConnected,
    /// User or password are wrong, or the user may not do this.
    NotAllowed,
    /// A node that was needed is down: nothing was done.
    Unavailable,
    /// It took too long: it may have been done, in part or wholly, or still be going on.
    TimedOut,
    /// There is no such keyspace or table.
    NotFound,
    /// It is there already.
    AlreadyExists,
    /// The statement itself was wrong.
    WrongStatement,
    /// Something else.
    Other,
}

/// A statement that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CqlshFailure {
    /// Why.
    pub cause: CqlshCause,
    /// The line that says so; empty where none does.
    pub line: String,
}

/// What a cause is known by, in the order in which it is looked for.
const PHRASES: [(&str, CqlshCause); 16] = [
    ("AuthenticationFailed", CqlshCause::NotAllowed),
    ("Bad credentials", CqlshCause::NotAllowed),
    ("Unauthorized", CqlshCause::NotAllowed),
    ("Connection error:", CqlshCause::NotConnected),
    ("NoHostAvailable", CqlshCause::NotConnected),
    ("Unavailable", CqlshCause::Unavailable),
    ("OperationTimedOut", CqlshCause::TimedOut),
    ("WriteTimeout", CqlshCause::TimedOut),
    ("ReadTimeout", CqlshCause::TimedOut),
    ("TruncateError", CqlshCause::TimedOut),
    ("AlreadyExists", CqlshCause::AlreadyExists),
    ("not found", CqlshCause::NotFound),
    ("unconfigured", CqlshCause::NotFound),
    ("does not exist", CqlshCause::NotFound),
    ("SyntaxException", CqlshCause::WrongStatement),
    ("InvalidRequest", CqlshCause::WrongStatement),
];

impl Cqlsh {
    /// The vector for one statement.
    #[must_use]
    pub fn vector(&self, statement: &str) -> Vec<String> {
        let mut vector: Vec<String> = ["cqlsh", "--no-color"].map(str::to_owned).into();
        vector.push(format!("--request-timeout={SECONDS}"));
        vector.extend(self.settings.iter().map(|file| format!("--cqlshrc={file}")));
        vector.push(format!("--execute={statement}"));
        vector.extend([self.address.clone(), self.port.to_string()]);
        vector
    }

    /// The question for all statements that make the keyspace. Asked once, of one node.
    #[must_use]
    pub fn describe(&self, keyspace: &Name) -> Vec<String> {
        self.vector(&format!("DESCRIBE KEYSPACE {}", keyspace.quoted()))
    }

    /// The question how many rows a table has; its answer is for [`counted`](super::counted).
    #[must_use]
    pub fn count(&self, keyspace: &Name, table: &Name) -> Vec<String> {
        let (keyspace, table) = (keyspace.quoted(), table.quoted());
        self.vector(&format!("SELECT JSON COUNT(*) FROM {keyspace}.{table}"))
    }

    /// The question for all rows of a table; its answer is for [`rows`](super::rows).
    #[must_use]
    pub fn rows(&self, keyspace: &Name, table: &Name) -> Vec<String> {
        let (keyspace, table) = (keyspace.quoted(), table.quoted());
        self.vector(&format!("SELECT JSON * FROM {keyspace}.{table}"))
    }

    /// The act that empties a table, on all nodes, all of which have to be up.
    #[must_use]
    pub fn truncate(&self, keyspace: &Name, table: &Name) -> Vec<String> {
        self.vector(&format!(
            "TRUNCATE {}.{}",
            keyspace.quoted(),
            table.quoted()
        ))
    }
}

impl CqlshFailure {
    /// Finds the cause in the error output of a call that failed.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let found = PHRASES.iter().find_map(|(phrase, cause)| {
            let line = lines().find(|line| line.contains(phrase));
            line.map(|line| (*cause, line))
        });
        let (cause, line) =
            found.unwrap_or((CqlshCause::Other, lines().next().unwrap_or_default()));
        Self {
            cause,
            line: line.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_exact() {
        let cqlsh = Cqlsh {
            address: "10.0.0.1".to_owned(),
            port: 9042,
            settings: Some("/etc/cutover/cqlshrc".to_owned()),
        };
        let (kong, table) = (
            "kong".parse().expect("a name"),
            "Routes".parse().expect("a name"),
        );
        let vector = [
            "cqlsh",
            "--no-color",
            "--request-timeout=120",
            "--cqlshrc=/etc/cutover/cqlshrc",
            "--execute=TRUNCATE \"kong\".\"Routes\"",
            "10.0.0.1",
            "9042",
        ];
        assert_eq!(cqlsh.truncate(&kong, &table), vector);
        assert_eq!(
            cqlsh.count(&kong, &table)[4],
            "--execute=SELECT JSON COUNT(*) FROM \"kong\".\"Routes\""
        );
        assert_eq!(
            cqlsh.describe(&kong)[4],
            "--execute=DESCRIBE KEYSPACE \"kong\""
        );
    }

    #[test]
    fn causes_are_found() {
        for (text, cause) in [
            (
                "Connection error: ('Unable to connect to any servers', {'127.0.0.1': error(111, \"Tried connecting to [('127.0.0.1', 9042)]. Last error: Connection refused\")})",
                CqlshCause::NotConnected,
            ),
            (
                "Connection error: ('Unable to connect to any servers', {'127.0.0.1': AuthenticationFailed('Failed to authenticate to 127.0.0.1: code=0100 [Bad credentials]')})",
                CqlshCause::NotAllowed,
            ),
            (
                "<stdin>:1:Unavailable: Error from server: code=1000 [Unavailable exception] message=\"Cannot achieve consistency level ALL\" info={'required_replicas': 3, 'alive_replicas': 2, 'consistency': 'ALL'}",
                CqlshCause::Unavailable,
            ),
            (
                "<stdin>:1:OperationTimedOut: errors={'10.0.0.1': 'Client request timeout. See Session.execute[_async](timeout)'}, last_host=10.0.0.1",
                CqlshCause::TimedOut,
            ),
            (
                "<stdin>:1:TruncateError: Error from server: code=1003 [Error during truncate] message=\"Error during truncate: Truncate timed out - received only 1 responses\"",
                CqlshCause::TimedOut,
            ),
            ("'kong' not found in keyspaces", CqlshCause::NotFound),
            (
                "<stdin>:1:InvalidRequest: Error from server: code=2200 [Invalid query] message=\"unconfigured table nope\"",
                CqlshCause::NotFound,
            ),
            (
                "<stdin>:1:SyntaxException: line 1:0 no viable alternative at input 'X'",
                CqlshCause::WrongStatement,
            ),
            ("", CqlshCause::Other),
        ] {
            assert_eq!(CqlshFailure::of(text).cause, cause, "{text}");
        }
    }
}
