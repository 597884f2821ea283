//! Secrets: fetched where they are used, kept out of everything that is written.
//!
//! This file turns a reference of the environment file into the secret itself. It refuses to know what the secret opens.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::process::{self, ProcessError, Program};
use crate::environment::SecretReference;
use crate::gateway::redaction;

/// How long a program that prints a secret may take. A vault answers in well under a second; a person is not asked here.
const DEADLINE: Duration = Duration::from_secs(20);

/// Permission bits of group and others: a secret's file must have none of them.
const FOREIGN_MODE: u32 = 0o077;

/// A secret. It can be shown by nothing but [`Secret::expose`]: no `Display`, no `Serialize`, a redacted `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is absent, empty or not UTF-8.
    #[error("the environment variable `{name}` holds no secret")]
    Variable {
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read the secret's file `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than its owner may read or write the file.
    #[error("the secret's file `{}` is open to others: its mode is {mode:04o}, which should be 0600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file belongs to somebody else, who could change it.
    #[error("the secret's file `{}` belongs to user {owner}, neither to us nor to root", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The owner's numeric id.
        owner: u32,
    },
    /// The reference is a command without a program.
    #[error("the secret's command is empty")]
    EmptyCommand,
    /// The program could not be run to its end.
    #[error("the secret's command failed: {0}")]
    Process(#[from] ProcessError),
    /// The program failed. Its standard output is not shown, since it may hold the secret.
    #[error("the secret's command `{program}` failed ({ending})")]
    Command {
        /// The program.
        program: String,
        /// How it ended.
        ending: process::Ending,
    },
    /// There is nothing in the file or in what the program printed.
    #[error("the secret is empty: {reference}")]
    Empty {
        /// Where it was looked for.
        reference: String,
    },
}

impl Secret {
    /// Wraps what was read elsewhere. From here on it is blacked out wherever a text leaves the process.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        let secret = secret.into();
        redaction::remember(&secret);
        Self(secret)
    }

    /// The secret itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Fetches the secret that `reference` names.
pub async fn resolve(reference: &SecretReference) -> Result<Secret, SecretError> {
    let (text, place) = match reference {
        SecretReference::Env(name) => (
            std::env::var(name).map_err(|_| SecretError::Variable { name: name.clone() })?,
            format!("`{name}`"),
        ),
        SecretReference::File(path) => (read_private(path)?, format!("`{}`", path.display())),
        SecretReference::Command(words) => {
            let (program, arguments) = words.split_first().ok_or(SecretError::EmptyCommand)?;
            (ask(program, arguments).await?, format!("`{program}`"))
        }
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        return Err(SecretError::Empty { reference: place });
    }
    Ok(Secret::new(text))
}

/// Reads a file that nobody but its owner can read, checking the opened file so that it cannot be replaced in between.
fn read_private(path: &Path) -> Result<String, SecretError> {
    use std::io::Read as _;
    let unreadable = |source| SecretError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.mode() & FOREIGN_MODE != 0 {
        return Err(SecretError::Open {
            path: path.to_owned(),
            mode: metadata.mode() & 0o7777,
        });
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(SecretError::Owner {
            path: path.to_owned(),
            owner,
        });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

async fn ask(program: &str, arguments: &[String]) -> Result<String, SecretError> {
    let mut command = Program::new(program, DEADLINE);
    command.arguments = arguments.iter().map(Into::into).collect();
    // Vault clients find their token through these; everything else stays out.
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.environment.push((name.into(), value));
        }
    }
    let finished = process::run(&command, |_| Ok(())).await?;
    if !finished.ending.is_success() {
        return Err(SecretError::Command {
            program: program.to_owned(),
            ending: finished.ending,
        });
    }
    Ok(finished.stdout)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(mode: u32) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"hunter2\n").expect("written");
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(mode))
            .expect("a mode");
        file
    }

    #[tokio::test]
    async fn a_private_file_is_read_without_its_newline() {
        let file = file(0o600);
        let secret = resolve(&SecretReference::File(file.path().to_owned())).await;
        assert_eq!(secret.expect("read").expose(), "hunter2");
    }

    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o620] {
            let file = file(mode);
            let refused = resolve(&SecretReference::File(file.path().to_owned())).await;
            assert!(matches!(refused, Err(SecretError::Open { mode: found, .. }) if found == mode));
        }
    }

    #[tokio::test]
    async fn a_command_runs_without_a_shell() {
        let words = ["printf", "%s\n", "$HOME; true"].map(str::to_owned);
        let secret = resolve(&SecretReference::Command(words.into())).await;
        assert_eq!(secret.expect("printed").expose(), "$HOME; true");
    }

    #[tokio::test]
    async fn a_failing_command_and_an_absent_variable_are_errors() {
        let failed = resolve(&SecretReference::Command(vec!["false".to_owned()])).await;
        assert!(matches!(failed, Err(SecretError::Command { .. })));
        let absent = resolve(&SecretReference::Env("CUTOVER_NO_SUCH_VARIABLE".to_owned())).await;
        assert!(matches!(absent, Err(SecretError::Variable { .. })));
    }

    #[test]
    fn debug_does_not_show_it() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }
}
