//! PostgreSQL's client tools: which installed version fits a server, and the environment's typed fields in libpq's words.
//!
//! Invariant: a password reaches a tool through a private file only, never through its arguments or its environment.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::error::PostgresError;
use super::session::{Login, Role};
use super::starts::Starts;
use crate::environment::{Database, Tls};
use crate::gateway::live::process::{Finished, Program};
use crate::gateway::live::secret::Secret;

/// Where distributions keep one directory per major version: Debian and Ubuntu, then the RPM packages.
const PLACES: [(&str, &str); 2] = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];

/// The client tools of one major version.
#[derive(Debug, Clone)]
pub(super) struct Tools {
    directory: PathBuf,
    starts: Starts,
}

/// What a tool needs to connect: its environment, and the private directory that holds the password.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) secrets: Vec<Secret>,
    /// Removed with this value, when the tool has ended.
    private: TempDir,
}

impl Tools {
    /// The tools of the server's own major version, or else of the next newer one: an older tool refuses a newer server.
    /// What they start is told to `starts`.
    pub(super) fn find(
        program: &'static str,
        server_major: u32,
        starts: &Starts,
    ) -> Result<Self, PostgresError> {
        let mut installed: Vec<(u32, PathBuf)> = installed(program).collect();
        installed.sort();
        let found = installed.iter().map(|(major, _)| *major).collect();
        installed
            .into_iter()
            .find(|(major, _)| *major >= server_major)
            .map(|(_, directory)| Self {
                directory,
                starts: starts.clone(),
            })
            .ok_or(PostgresError::NoTool {
                program,
                server_major,
                found,
            })
    }

    /// Runs one of the tools to its end; anything but exit code 0 is an error.
    pub(super) async fn run(
        &self,
        program: &str,
        arguments: Vec<OsString>,
        surroundings: &Surroundings,
        deadline: Duration,
    ) -> Result<Finished, PostgresError> {
        let mut tool = Program::new(self.directory.join(program), deadline);
        tool.arguments = arguments;
        tool.environment.clone_from(&surroundings.environment);
        tool.secrets.clone_from(&surroundings.secrets);
        let finished = self.starts.run(program, &tool).await?;
        if finished.ending.is_success() {
            return Ok(finished);
        }
        Err(PostgresError::Tool {
            program: program.to_owned(),
            ending: finished.ending,
            output: without_values(&finished.stderr),
        })
    }

    /// The same, answering the whole of standard output, which can be longer than what memory keeps of a tool's words.
    pub(super) async fn run_whole(
        &self,
        program: &str,
        mut arguments: Vec<OsString>,
        surroundings: &Surroundings,
        deadline: Duration,
    ) -> Result<String, PostgresError> {
        let output = surroundings.private.path().join("output");
        let mut file = OsString::from("--file=");
        file.push(&output);
        arguments.push(file);
        self.run(program, arguments, surroundings, deadline).await?;
        let bytes = std::fs::read(&output).map_err(PostgresError::file(&output))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The version that a tool says it has, such as `15.18`.
    pub(super) async fn version(&self, program: &str) -> Result<String, PostgresError> {
        let surroundings = self.offline()?;
        let arguments = vec!["--version".into()];
        let finished = self
            .run(program, arguments, &surroundings, Duration::from_secs(10))
            .await?;
        // "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let version = finished.stdout.split_whitespace().nth(2);
        Ok(version.unwrap_or_default().to_owned())
    }

    /// The surroundings of a tool that connects to nothing.
    pub(super) fn offline(&self) -> Result<Surroundings, PostgresError> {
        let private = self.starts.private_directory()?;
        Ok(Surroundings {
            environment: vec![
                ("LC_ALL".into(), "C".into()),
                ("HOME".into(), private.path().into()),
            ],
            secrets: Vec::new(),
            private,
        })
    }

    /// The surroundings of a tool that connects as `role`.
    pub(super) async fn connected(
        &self,
        database: &Database,
        role: Role,
        name: Option<&str>,
    ) -> Result<Surroundings, PostgresError> {
        let login = Login::resolve(database, role, name).await?;
        let private = self.starts.private_directory()?;
        let absent = private.path().join("absent");
        let passwords = private.path().join("passwords");
        let mut secrets = Vec::new();
        write_private(&passwords, &password_line(&login))?;
        let path = |path: &Option<PathBuf>| path.clone().unwrap_or_else(|| absent.clone());
        let mut environment: Vec<(OsString, OsString)> = vec![
            ("LC_ALL".into(), "C".into()),
            // libpq looks for certificates, services and passwords in the home directory; there are none in this one.
            ("HOME".into(), private.path().into()),
            ("PGHOST".into(), (&database.host).into()),
            ("PGPORT".into(), database.port.to_string().into()),
            ("PGUSER".into(), (&login.user).into()),
            ("PGDATABASE".into(), (&login.database).into()),
            ("PGPASSFILE".into(), passwords.into()),
            ("PGAPPNAME".into(), "cutover".into()),
            ("PGCONNECT_TIMEOUT".into(), "10".into()),
            ("PGGSSENCMODE".into(), "disable".into()),
            ("PGSSLMODE".into(), ssl_mode(database).into()),
            ("PGSSLCERT".into(), path(&database.certificate).into()),
            ("PGSSLKEY".into(), path(&database.key).into()),
            ("PGTZ".into(), "UTC".into()),
            ("PGDATESTYLE".into(), "ISO, MDY".into()),
        ];
        // With `require` libpq would verify after all if it found a root certificate.
        let root = match database.tls {
            Tls::VerifyFull | Tls::VerifyCa => path(&database.ca),
            Tls::Require | Tls::Off => absent,
        };
        environment.push(("PGSSLROOTCERT".into(), root.into()));
        secrets.extend(login.password);
        Ok(Surroundings {
            environment,
            secrets,
            private,
        })
    }
}

/// Where `program` is installed, with its major version.
pub(super) fn installed(program: &'static str) -> impl Iterator<Item = (u32, PathBuf)> {
    PLACES
        .iter()
        .filter_map(|(place, prefix)| Some((std::fs::read_dir(place).ok()?, prefix)))
        .flat_map(move |(entries, prefix)| {
            entries.filter_map(move |entry| {
                let entry = entry.ok()?;
                let name = entry.file_name();
                let major = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
                let directory = entry.path().join("bin");
                directory
                    .join(program)
                    .exists()
                    .then_some((major, directory))
            })
        })
}

fn ssl_mode(database: &Database) -> &'static str {
    match database.tls {
        _ if database.host.starts_with('/') => "disable",
        Tls::VerifyFull => "verify-full",
        Tls::VerifyCa => "verify-ca",
        Tls::Require => "require",
        Tls::Off => "disable",
    }
}

/// One line of a password file: the file is ours alone and serves one connection, so only the password is spelled out.
fn password_line(login: &Login) -> String {
    login
        .password
        .as_ref()
        .map_or_else(String::new, |password| {
            let escaped = password.expose().replace('\\', "\\\\").replace(':', "\\:");
            format!("*:*:*:*:{escaped}\n")
        })
}

/// What a tool printed, without the lines in which the server quotes values of rows, which may be tokens or keys.
fn without_values(printed: &str) -> String {
    let told = printed.trim().lines();
    let told = told.filter(|line| {
        !QUOTES
            .iter()
            .any(|label| line.trim_start().starts_with(label))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// How the lines begin in which the client library tells of the rows.
const QUOTES: [&str; 2] = ["DETAIL:", "CONTEXT:"];

fn write_private(path: &Path, text: &str) -> Result<(), PostgresError> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(PostgresError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_file_escapes_what_separates_its_fields() {
        let login = Login {
            user: "kong".to_owned(),
            password: Some(Secret::new("a:b\\c")),
            database: "kong".to_owned(),
        };
        assert_eq!(password_line(&login), "*:*:*:*:a\\:b\\\\c\n");
    }

    #[test]
    fn lines_that_quote_rows_are_not_passed_on() {
        let printed = "pg_restore: error: COPY failed for table \"tokens\": ERROR:  duplicate key value violates unique constraint \"one\"\n\
                       DETAIL:  Key (token)=(a-secret) already exists.\nCONTEXT:  COPY tokens, line 1\npg_restore: finished\n";
        assert_eq!(
            without_values(printed),
            "pg_restore: error: COPY failed for table \"tokens\": ERROR:  duplicate key value violates unique constraint \"one\"\n\
             pg_restore: finished"
        );
    }

    #[test]
    fn a_server_newer_than_every_tool_is_refused() {
        let refused = Tools::find("pg_dump", 9999, &Starts::default());
        assert!(matches!(
            refused,
            Err(PostgresError::NoTool {
                server_major: 9999,
                ..
            })
        ));
    }
}
