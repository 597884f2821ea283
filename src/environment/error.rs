//! What can be wrong with an environment file: always a place, and a remedy where one is known.

use std::path::{Path, PathBuf};

use super::secret;

/// Why an environment file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The file cannot be read.
    #[error("cannot read the environment file `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not ours alone, and it is code.
    #[error("the environment file `{}` cannot be believed: {why}\nhelp: {remedy}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// Who else may change it.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// The file can be read and is not right.
    #[error("{}:{line}:{column}: {problem}{}", path.display(), help_line(help.as_deref()))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
        /// What to write instead.
        help: Option<String>,
    },
}

/// Something wrong that the types alone cannot say; it becomes an [`EnvironmentError`] once its place is found.
pub(super) struct Problem {
    /// The word in the file that is wrong, searched for after `after`.
    word: String,
    after: String,
    what: String,
    help: Option<String>,
}

impl Problem {
    pub(super) fn unknown<'a>(
        kind: &str,
        name: &str,
        owner: &str,
        known: impl Iterator<Item = &'a String>,
    ) -> Self {
        Self {
            word: format!("\"{name}\""),
            after: String::new(),
            what: format!("`{owner}` names the {kind} `{name}`, which does not exist"),
            help: suggestion(name, known.map(String::as_str)),
        }
    }

    pub(super) fn duplicate_node(name: &str) -> Self {
        Self {
            word: format!("\"{name}\""),
            after: format!("\"{name}\""),
            what: format!("two nodes are called `{name}`"),
            help: Some("give every node of the file a name of its own".to_owned()),
        }
    }

    pub(super) fn destination(node: &str, destination: &str, why: &str) -> Self {
        Self {
            word: "ssh".to_owned(),
            after: format!("\"{node}\""),
            what: format!("node `{node}` cannot be reached over SSH as `{destination}`: {why}"),
            help: Some(
                "write `{ ssh = \"user@host\" }`, or a name of ssh's configuration".to_owned(),
            ),
        }
    }

    /// Something about the cluster `owner`, which `what`, at the word `word`.
    pub(super) fn topology(owner: &str, word: &str, what: &str, help: &str) -> Self {
        Self {
            word: word.to_owned(),
            after: format!("[clusters.{owner}]"),
            what: format!("the cluster `{owner}` {what}"),
            help: Some(help.to_owned()),
        }
    }

    /// Something about the node `owner`, which `what`, at the key `word` behind its name.
    pub(super) fn node(owner: &str, word: &str, what: &str, help: &str) -> Self {
        let name = format!("\"{owner}\"");
        Self {
            word: if word == "name" {
                name.clone()
            } else {
                word.to_owned()
            },
            after: if word == "name" { String::new() } else { name },
            what: format!("the node `{owner}` {what}"),
            help: Some(help.to_owned()),
        }
    }

    pub(super) fn credential(plugin: &str) -> Self {
        Self {
            word: format!("\"{plugin}\""),
            after: "[[credentials]]".to_owned(),
            what: format!("the credential for `{plugin}` says not where in a request it stands"),
            help: Some(
                "give it one of `login = \"USER\"`, `header = \"NAME\"` and `query = \"NAME\"`"
                    .to_owned(),
            ),
        }
    }

    pub(super) fn no_minutes() -> Self {
        Self {
            word: "approval_minutes".to_owned(),
            after: "[gates]".to_owned(),
            what: "an approval that stands for no time is none".to_owned(),
            help: Some("give `approval_minutes` 1 or more".to_owned()),
        }
    }

    pub(super) fn beyond_cap(key: &str, wanted: u64, cap: u64) -> Self {
        Self {
            word: key.to_owned(),
            after: "[budgets]".to_owned(),
            what: format!("the budget `{key}` cannot be {wanted}"),
            help: Some(format!("give it something from 1 to {cap}")),
        }
    }

    /// Something about the package of the node `owner`, which `what`, at the word `word`.
    pub(super) fn package(owner: &str, word: &str, what: &str, help: &str) -> Self {
        Self {
            word: word.to_owned(),
            after: format!("\"{owner}\""),
            what: format!("the package of the node `{owner}` {what}"),
            help: Some(help.to_owned()),
        }
    }

    /// A database that is said to be a Cassandra where those of PostgreSQL stand.
    pub(super) fn kind(database: &str) -> Self {
        Self {
            word: "\"cassandra\"".to_owned(),
            after: format!("[databases.{database}]"),
            what: format!("the database `{database}` is a Cassandra, which has nodes of its own"),
            help: Some(format!(
                "describe it as `[cassandra.{database}]`, with `[[cassandra.{database}.nodes]]`"
            )),
        }
    }

    /// Something about the Cassandra `owner`, which `what`, at the word `word`.
    pub(super) fn cassandra(owner: &str, word: &str, what: &str, help: &str) -> Self {
        Self {
            word: word.to_owned(),
            after: if word == owner {
                "[cassandra.".to_owned()
            } else {
                format!("[cassandra.{owner}]")
            },
            what: format!("the Cassandra `{owner}` {what}"),
            help: Some(help.to_owned()),
        }
    }

    /// Something about the load balancer `owner`, which `what`, at the word `word`.
    pub(super) fn traffic(owner: &str, word: &str, what: &str, help: &str) -> Self {
        Self {
            word: word.to_owned(),
            after: format!("[traffic.{owner}]"),
            what: format!("the load balancer `{owner}` {what}"),
            help: Some(help.to_owned()),
        }
    }

    pub(super) fn at(self, path: &Path, text: &str) -> EnvironmentError {
        let start = text
            .find(&self.after)
            .map_or(0, |found| found + self.after.len());
        let offset = text[start..]
            .find(&self.word)
            .map_or(0, |found| start + found);
        let (line, column) = place(text, offset);
        EnvironmentError::Invalid {
            path: path.to_owned(),
            line,
            column,
            problem: self.what,
            help: self.help,
        }
    }
}

impl EnvironmentError {
    pub(super) fn syntax(path: &Path, text: &str, source: &toml::de::Error) -> Self {
        let (line, column) = place(text, source.span().map_or(0, |span| span.start));
        let (problem, help) = reword(source.message());
        Self::Invalid {
            path: path.to_owned(),
            line,
            column,
            problem,
            help,
        }
    }
}

/// Says serde's messages in our words, with the nearest key where one was mistyped.
fn reword(message: &str) -> (String, Option<String>) {
    if message == secret::IN_PLACE {
        let help = "write a reference: `{ env = \"NAME\" }`, `{ file = \"/path\" }` or `{ command = [\"program\", \"argument\"] }`";
        return (message.to_owned(), Some(help.to_owned()));
    }
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let Some(name) = message.strip_prefix("unknown field `").and(quoted.first()) {
        return (
            format!("unknown key `{name}`"),
            suggestion(name, quoted[1..].iter().copied()),
        );
    }
    if let Some(name) = message.strip_prefix("missing field `").and(quoted.first()) {
        return (format!("the key `{name}` is missing"), None);
    }
    (message.trim().to_owned(), None)
}

/// "did you mean …?" where something is near, else the list of what exists.
fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    let near = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .min()?;
    if near.0 <= 2 {
        return Some(format!("did you mean `{}`?", near.1));
    }
    let listed: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("known here: {}", listed.join(", ")))
}

/// Line and column, from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

fn help_line(help: Option<&str>) -> String {
    help.map(|help| format!("\nhelp: {help}"))
        .unwrap_or_default()
}
