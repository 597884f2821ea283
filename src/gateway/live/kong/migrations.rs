//! `kong migrations`: the state by `list`, and runs of `up` and `finish` that are not believed by their exit code.

use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use crate::gateway::live::Live;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::process::Ending;
use crate::gateway::{Failure, MigrationRun};
use crate::kong::migrations::{MigrationState, error_message, parse_list, was_aborted};

/// How long one statement of a migration may take, in seconds. From 3.7 on Kong's own default is five seconds.
const DB_TIMEOUT: &str = "600";

impl Live {
    /// `kong migrations list`, with a prefix of its own so that no old node's settings are picked up.
    pub(super) async fn list_migrations(&self, node: &str) -> Result<MigrationState, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let conf = found.conf.display().to_string();
        let listing = async |prefix: &Path| {
            let prefix = prefix.display().to_string();
            let arguments = ["migrations", "list", "-c", &conf, "-p", &prefix];
            self.kong(node, &arguments, super::COMMAND).await
        };
        let command = self.in_private_prefix(&host, listing).await?;
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
        let (cluster, found) = self.node(node).await?;
        let (_, database) = self.database_of(&cluster)?;
        let host = self.host(&found).await?;
        let conf = found.conf.display().to_string();
        let seconds = lock_timeout.as_secs().to_string();
        let name = format!("`{half}`");
        let migrating = async |prefix: &Path| {
            let prefix = prefix.display().to_string();
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
            let running = self.kong(node, &arguments, lock_timeout + super::COMMAND);
            self.telling_who_blocks(&name, &database, running).await
        };
        let command = self.in_private_prefix(&host, migrating).await?;
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

    /// Lets `work` have a directory on a host for a command that needs a prefix and must not see a node's. It may come to hold a
    /// password, so it lies in the run's own directory there, where what a killed runner left behind is removed by the next one.
    pub(in crate::gateway::live) async fn in_private_prefix<Out>(
        &self,
        host: &Host,
        work: impl AsyncFnOnce(&Path) -> Result<Out, Failure>,
    ) -> Result<Out, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::new(
                "kong.prefix",
                format!("cannot make a temporary directory: {error}"),
            )
        };
        let name = format!("kong-{}", Uuid::new_v4().simple());
        let prefix = self.temporary_on(host).await.join(name);
        host.make_directory(&prefix).await.map_err(unusable)?;
        let done = work(&prefix).await;
        // What cannot be removed now, the next runner removes.
        let _ = host.remove(&prefix).await;
        self.tidy(host).await;
        done
    }

    /// A directory of ours alone on this machine.
    pub(in crate::gateway::live) async fn private_directory(
        &self,
    ) -> Result<tempfile::TempDir, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::new(
                "kong.prefix",
                format!("cannot make a temporary directory: {error}"),
            )
        };
        let parent = self.temporary_on(&Host::Here).await;
        std::fs::create_dir_all(&parent).map_err(unusable)?;
        tempfile::Builder::new()
            .prefix("kong-")
            .tempdir_in(parent)
            .map_err(unusable)
    }
}
