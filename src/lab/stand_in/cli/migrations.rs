//! `kong migrations`: bootstrap, list, status, up, finish, reset.
//!
//! The trap is kept: whoever finds the lock taken says so on standard output and ends with 0. `-q` silences nothing, as recorded.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use tokio_postgres::Client;

use super::error::CommandError;
use super::list::list;
use super::{Invocation, output, usage};
use crate::kong::Version;
use crate::kong::migrations::ABORTED;
use crate::lab::stand_in::conf::{DatabaseKind, Settings};
use crate::lab::stand_in::faults::{FAULTS, Faults};
use crate::lab::stand_in::migrations::{
    DEFAULT_LOCK_TIMEOUT, Held, MigrationError, Mutex, Parts, Runner, SchemaState, Waiting, connect,
};

/// The statement timeout before 3.7; later it is `pg_timeout`.
const DEFAULT_DATABASE_TIMEOUT: Duration = Duration::from_mins(1);

/// What `up` says when it leaves something for `finish`.
const PENDING: &str = "\nDatabase has pending migrations; run 'kong migrations finish' when ready";

/// A connected command.
pub(super) struct Migrations<'a> {
    version: &'a Version,
    client: Client,
    faults: Faults,
    database: String,
    timeout: Duration,
    lock_timeout: Duration,
    force: Force,
}

/// `--force`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Force {
    No,
    Yes,
}

/// Runs `kong migrations COMMAND`.
pub(super) async fn run(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let version = invocation.version;
    let Some(command) = invocation.arguments.words.first().map(String::as_str) else {
        return Err(CommandError::Usage(usage::migrations(version)));
    };
    let known = ["bootstrap", "list", "up", "finish", "reset"].contains(&command)
        || (command == "status" && version.is_at_least(3, 0));
    if !known {
        return Err(CommandError::Usage(format!(
            "No such command for migrations: {command}\n\n{}",
            usage::migrations(version)
        )));
    }
    let settings = invocation.settings()?;
    if settings.database == DatabaseKind::Off {
        return Ok(without_database(version, command));
    }
    let migrations = Migrations::open(invocation, &settings).await?;
    let state = migrations.state().await?;
    match command {
        "bootstrap" => migrations.bootstrap(&state).await?,
        "up" => migrations.up(&state).await?,
        "finish" => migrations.finish(&state).await?,
        "list" => return Ok(list(version, &state)),
        "status" => output::line(&state.to_json().to_string()),
        _ => {
            let confirmed = invocation.arguments.has("yes") || confirm()?;
            return migrations.reset(&state, confirmed).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A node without a database is one whose migrations have all run, and none has anything to do.
fn without_database(version: &Version, command: &str) -> ExitCode {
    let state = SchemaState::complete(version);
    match command {
        "list" => return list(version, &state),
        "status" => output::line(&state.to_json().to_string()),
        "bootstrap" => output::line("Database already bootstrapped"),
        "up" => output::line("Database is already up-to-date"),
        "finish" => output::line("No pending migrations to finish"),
        _ => output::line("Database successfully reset"),
    }
    ExitCode::SUCCESS
}

impl<'a> Migrations<'a> {
    /// Connects to the database of `settings`.
    pub(super) async fn open(
        invocation: &Invocation<'a>,
        settings: &Settings,
    ) -> Result<Self, CommandError> {
        let default = if invocation.version.is_at_least(3, 7) {
            settings.postgres.timeout
        } else {
            DEFAULT_DATABASE_TIMEOUT
        };
        let timeout = seconds(invocation, "db-timeout")?.unwrap_or(default);
        Ok(Self {
            version: invocation.version,
            client: connect(&settings.postgres, timeout).await?,
            faults: Faults::read(settings.faults_directory()).map_err(|source| {
                MigrationError::Faults {
                    path: settings
                        .faults_directory()
                        .join(FAULTS)
                        .display()
                        .to_string(),
                    source,
                }
            })?,
            database: settings.postgres.database.clone(),
            timeout,
            lock_timeout: seconds(invocation, "lock-timeout")?.unwrap_or(DEFAULT_LOCK_TIMEOUT),
            force: if invocation.arguments.has("force") {
                Force::Yes
            } else {
                Force::No
            },
        })
    }

    /// Where the schema stands.
    pub(super) async fn state(&self) -> Result<SchemaState, CommandError> {
        Ok(SchemaState::load(&self.client, self.version).await?)
    }

    fn runner(&self) -> Runner<'_> {
        Runner {
            client: &self.client,
            database: &self.database,
            timeout: self.timeout,
            faults: &self.faults,
            log: &output::line,
        }
    }

    async fn bootstrap(&self, state: &SchemaState) -> Result<(), CommandError> {
        if !state.needs_bootstrap {
            output::line("Database already bootstrapped");
            return Ok(());
        }
        output::line("Bootstrapping database...");
        let runner = self.runner();
        runner.bootstrap().await?;
        let work = async {
            runner.run(&state.new, Parts::Both).await?;
            output::line("Database is up-to-date");
            Ok(())
        };
        self.alone(Waiting::Never, work).await
    }

    /// `up`, also of `start --run-migrations`.
    pub(super) async fn up(&self, state: &SchemaState) -> Result<(), CommandError> {
        if state.needs_bootstrap {
            return Err(CommandError::CannotMigrateEmpty);
        }
        if self.force == Force::No && !state.pending.is_empty() {
            return Err(CommandError::Pending);
        }
        let runner = self.runner();
        let work = async {
            let mut state = SchemaState::load(&self.client, self.version).await?;
            if self.force == Force::Yes {
                runner.run(&state.executed, Parts::Both).await?;
                state = SchemaState::load(&self.client, self.version).await?;
                if !state.pending.is_empty() {
                    output::line(PENDING);
                    return Ok(());
                }
            }
            if state.new.is_empty() {
                if self.force == Force::No {
                    output::line("Database is already up-to-date");
                }
                return Ok(());
            }
            runner.run(&state.new, Parts::Up).await?;
            let state = SchemaState::load(&self.client, self.version).await?;
            if !state.pending.is_empty() {
                output::line(PENDING);
            }
            Ok(())
        };
        self.alone(Waiting::UntilFree, work).await
    }

    async fn finish(&self, state: &SchemaState) -> Result<(), CommandError> {
        if state.needs_bootstrap {
            return Err(CommandError::CannotMigrateEmpty);
        }
        let runner = self.runner();
        let work = async {
            let mut state = SchemaState::load(&self.client, self.version).await?;
            if self.force == Force::Yes {
                runner.run(&state.executed, Parts::Both).await?;
            }
            if !state.pending.is_empty() {
                runner.run(&state.pending, Parts::Teardown).await?;
                state = SchemaState::load(&self.client, self.version).await?;
            }
            if !state.new.is_empty() {
                output::line("\nNew migrations available; run 'kong migrations up' to proceed");
            } else if self.force == Force::No {
                output::line("No pending migrations to finish");
            }
            Ok(())
        };
        self.alone(Waiting::Never, work).await
    }

    async fn reset(&self, state: &SchemaState, confirmed: bool) -> Result<ExitCode, CommandError> {
        if !confirmed {
            output::line("cancelled");
            return Ok(ExitCode::SUCCESS);
        }
        if state.needs_bootstrap {
            output::line("Database not bootstrapped, nothing to reset");
            return Ok(ExitCode::FAILURE);
        }
        match Mutex::take(&self.client, self.lock_timeout, Waiting::Never).await? {
            // The lock goes with the tables, so there is nothing to give back.
            Held::Ours(_) => {
                output::line("Resetting database...");
                self.runner().reset().await?;
                output::line("Database successfully reset");
                Ok(ExitCode::SUCCESS)
            }
            Held::Others => {
                output::line(ABORTED);
                Ok(ExitCode::FAILURE)
            }
        }
    }

    /// Runs `work` under the lock; where another node has it, says so, which is no error.
    async fn alone(
        &self,
        waiting: Waiting,
        work: impl Future<Output = Result<(), MigrationError>>,
    ) -> Result<(), CommandError> {
        match Mutex::take(&self.client, self.lock_timeout, waiting).await? {
            Held::Ours(mutex) => {
                let worked = work.await;
                // A session that timed out in a statement cannot give the lock back: Kong's row stays too, until its end.
                let released =
                    tokio::time::timeout(self.timeout, mutex.release(&self.client)).await;
                worked?;
                if let Ok(released) = released {
                    released?;
                }
            }
            Held::Others => output::line(ABORTED),
        }
        Ok(())
    }
}

/// Asks at the terminal, up to three times.
fn confirm() -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::NoTerminal);
    }
    for _ in 0..3 {
        output::line("> Are you sure? This operation is irreversible. [Y/n]");
        let mut answer = String::new();
        std::io::stdin()
            .read_line(&mut answer)
            .map_err(CommandError::system("read the answer"))?;
        match answer.trim() {
            "y" | "Y" | "yes" | "YES" => return Ok(true),
            "n" | "N" | "no" | "NO" => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

/// The value of an option in seconds.
fn seconds(
    invocation: &Invocation<'_>,
    option: &'static str,
) -> Result<Option<Duration>, CommandError> {
    let Some(value) = invocation.arguments.value(option) else {
        return Ok(None);
    };
    let seconds = value.parse().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(Some)
        .ok_or_else(|| CommandError::NotANumber {
            option,
            value: value.to_owned(),
        })
}
