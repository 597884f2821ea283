//! `kong migrations`: the state by `list`, and runs of `up` and `finish` that are not believed by their exit code.

use std::time::Duration;

use crate::gateway::live::Live;
use crate::gateway::live::process::Ending;
use crate::gateway::{Failure, MigrationRun};
use crate::kong::migrations::{MigrationState, error_message, parse_list, was_aborted};

/// How long one statement of a migration may take, in seconds. From 3.7 on Kong's own default is five seconds.
const DB_TIMEOUT: &str = "600";

impl Live {
    /// `kong migrations list`, with a prefix of its own so that no old node's settings are picked up.
    pub(super) async fn list_migrations(&self, node: &str) -> Result<MigrationState, Failure> {
        let (_, found) = self.node(node)?;
        let prefix = self.private_prefix()?;
        let (conf, prefix) = (
            found.conf.display().to_string(),
            prefix.path().display().to_string(),
        );
        let command = self
            .kong(
                node,
                &["migrations", "list", "-c", &conf, "-p", &prefix],
                super::COMMAND,
            )
            .await?;
        let Ending::Exited(code) = command.finished.ending else {
            return command.success().map(|_| MigrationState::default());
        };
        parse_list(code, &command.finished.stdout, &command.finished.stderr)
            .map_err(|error| Failure::new("kong.migrations.list", error.to_string()))
    }

    /// `kong migrations up` or `finish`.
    pub(super) async fn migrate(
        &self,
        node: &str,
        half: &str,
        lock_timeout: Duration,
    ) -> Result<MigrationRun, Failure> {
        let (cluster, found) = self.node(node)?;
        let (_, database) = self.database_of(&cluster)?;
        let prefix = self.private_prefix()?;
        let (conf, prefix) = (
            found.conf.display().to_string(),
            prefix.path().display().to_string(),
        );
        let seconds = lock_timeout.as_secs().to_string();
        let arguments = [
            "migrations",
            half,
            "-c",
            &conf,
            "-p",
            &prefix,
            "--db-timeout",
            DB_TIMEOUT,
            "--lock-timeout",
            &seconds,
        ];
        let name = format!("`{half}`");
        let running = self.kong(node, &arguments, lock_timeout + super::COMMAND);
        let command = self.telling_who_blocks(&name, &database, running).await?;
        let finished = command.finished;
        let error = match finished.ending {
            Ending::Exited(0) => None,
            ending => Some(
                error_message(&finished.stderr)
                    .unwrap_or_else(|| format!("`kong migrations {half}` {ending}")),
            ),
        };
        Ok(MigrationRun {
            aborted: was_aborted(&finished.stdout),
            error,
        })
    }

    /// A directory for a command that needs a prefix and must not see a node's. It may come to hold a password, so it lies in the run's
    /// own directory, where what a killed runner left behind is removed by the next one.
    pub(in crate::gateway::live) fn private_prefix(&self) -> Result<tempfile::TempDir, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::new(
                "kong.prefix",
                format!("cannot make a temporary directory: {error}"),
            )
        };
        let parent = self.temporary();
        std::fs::create_dir_all(&parent).map_err(unusable)?;
        tempfile::Builder::new()
            .prefix("kong-")
            .tempdir_in(parent)
            .map_err(unusable)
    }
}
