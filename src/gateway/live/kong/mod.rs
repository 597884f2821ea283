//! Kong for real: its command line and its Admin API.

mod admin;
mod admin_access;
mod census;
mod clock;
mod closed;
mod command;
mod migrations;
mod plugins;
mod proof;

pub(super) use proof::rendered;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::service::unit_name;
use super::{Live, scratch};
use crate::environment::Role;
use crate::gateway::{
    AdminAccess, AdminStatus, Failure, Kong, MigrationRun, ScratchNode, Stopped, StrangeNode,
};
use crate::kong::Version;
use crate::kong::migrations::MigrationState;

/// How long a node may take from `kong start` to an Admin API that answers.
const START: Duration = Duration::from_mins(1);

/// How long a `kong` command may take that neither migrates nor waits for requests.
const COMMAND: Duration = Duration::from_mins(1);

/// The pause between two looks at something that is about to happen.
const BETWEEN: Duration = Duration::from_millis(50);

impl Kong for Live {
    async fn installed_version(&self, node: &str) -> Result<Version, Failure> {
        let finished = self.kong(node, &["version"], COMMAND).await?.success()?;
        let text = finished
            .stdout
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        // Enterprise says `Kong Enterprise 3.4.3.5`, the open source the bare number.
        let number = text.rsplit(' ').next().unwrap_or_default();
        number.parse().map_err(|_| {
            Failure::new(
                "kong.version",
                format!("`kong version` on `{node}` says `{text}`"),
            )
        })
    }

    async fn is_running(&self, node: &str) -> Result<bool, Failure> {
        let prefix = self.node(node).await?.1.prefix.display().to_string();
        // Exit code 1 is Kong's way of saying no; a command that could not be run at all is an error.
        Ok(self
            .kong(node, &["health", "-p", &prefix], COMMAND)
            .await?
            .finished
            .ending
            .is_success())
    }

    async fn start_node(&self, node: &str) -> Result<(), Failure> {
        let found = self.node(node).await?.1;
        if !self.is_running(node).await? {
            // Keeps the node's ports until it has started.
            let mut prepared = match ScratchNode::named(node) {
                Some(_) => Some(scratch::prepare(&self.host(&found).await?, &found.prefix).await?),
                None => None,
            };
            let settings = match &mut prepared {
                Some(scratch) => std::mem::take(&mut scratch.settings),
                None => self.admin_setting(node),
            };
            if let Some(unit) = unit_name(node, &found) {
                refuse_settings(node, &settings)?;
                let host = self.host(&found).await?;
                self.start_unit(&host, &found, unit).await?;
            } else {
                let words = command::words_of("start", &found, &found.prefix);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                self.kong_with(node, &words, settings, COMMAND)
                    .await?
                    .success()?;
            }
        }
        let installed = self.installed_version(node).await?;
        // One that is sent its configuration is sent it when it runs; before 3.0 the hash of one that reads a file tells nothing of that.
        let reads_file = found.declarative.is_some() && installed.is_at_least(3, 0);
        let needs_configuration = reads_file || found.role == Some(Role::DataPlane);
        let deadline = Instant::now() + START;
        loop {
            let why = match self.admin_status(node).await {
                Ok(status) => match status.not_ready(installed, needs_configuration) {
                    None => return Ok(()),
                    Some(why) => why,
                },
                Err(failure) => failure.message,
            };
            if Instant::now() > deadline {
                return Err(Failure::new(
                    "kong.start.not_ready",
                    format!("`{node}` was started and is not ready: {why}"),
                )
                .hint("look into its error log, `logs/error.log` under its prefix"));
            }
            self.pause_shortly().await;
        }
    }

    async fn stop_node(&self, node: &str, patience: Duration) -> Result<Stopped, Failure> {
        let was_running = self.is_running(node).await?;
        let found = self.node(node).await?.1;
        let unit = unit_name(node, &found);
        let host = self.host(&found).await?;
        if !was_running {
            if let Some(unit) = unit {
                self.keep_unit_down(&host, &found, unit).await?;
            }
            self.remove_scratch(node).await?;
            return Ok(Stopped::WasNotRunning);
        }
        if let Some(unit) = unit {
            let gracefully = self.stop_unit(&host, &found, unit).await?;
            if self.is_running(node).await? {
                return Err(Failure::new(
                    "kong.stop.running",
                    format!("`{node}` still runs after its unit `{unit}` was stopped"),
                )
                .hint("it was not started by the unit: stop it as it was started"));
            }
            return Ok(if gracefully {
                Stopped::Gracefully
            } else {
                Stopped::Forcefully
            });
        }
        let prefix = found.prefix.display().to_string();
        let seconds = patience.as_secs().to_string();
        let arguments = ["quit", "-p", &prefix, "-t", &seconds];
        let finished = self
            .kong(node, &arguments, patience + COMMAND)
            .await?
            .success()?;
        if self.is_running(node).await? {
            return Err(Failure::new(
                "kong.stop.running",
                format!("`{node}` still runs after `kong quit`"),
            )
            .hint("something restarts it: stop it through its supervisor"));
        }
        self.remove_scratch(node).await?;
        // Kong exits 0 either way; only its text tells that requests were dropped.
        let forced =
            finished.stdout.contains("forcefully") || finished.stderr.contains("forcefully");
        Ok(if forced {
            Stopped::Forcefully
        } else {
            Stopped::Gracefully
        })
    }

    async fn reload_node(&self, node: &str) -> Result<(), Failure> {
        self.reload_node_with(node, self.admin_setting(node)).await
    }

    async fn file_digests(&self, node: &str) -> Result<BTreeMap<String, String>, Failure> {
        let found = self.node(node).await?.1;
        let host = self.host(&found).await?;
        let command = found.packages.command();
        let mut digests = BTreeMap::new();
        for (name, path) in [("kong.conf", &found.conf), ("kong", &command)] {
            let digest = host.digest(path).await.map_err(|error| {
                Failure::new(
                    "kong.file",
                    format!("cannot read `{}` of `{node}`: {error}", path.display()),
                )
            })?;
            digests.insert(name.to_owned(), digest);
        }
        Ok(digests)
    }

    async fn check_configuration(&self, node: &str) -> Result<(), Failure> {
        let conf = self.node(node).await?.1.conf.display().to_string();
        self.kong(node, &["check", &conf], COMMAND)
            .await?
            .success()
            .map(drop)
    }

    async fn admin_status(&self, node: &str) -> Result<AdminStatus, Failure> {
        self.read_admin_status(node).await
    }

    async fn entities(&self, node: &str) -> Result<BTreeMap<String, u64>, Failure> {
        self.count_entities(node).await
    }

    async fn clock_ahead(&self, node: &str) -> Result<i64, Failure> {
        if self.is_running(node).await? {
            return self.ahead_by_dates(node).await;
        }
        let host = self.host(&self.node(node).await?.1).await?;
        let unknown = |why: String| {
            let message = format!("the clock of the host of `{node}` is not known: {why}");
            Failure::new("kong.clock.unknown", message)
        };
        let skew = host.clock().await;
        let skew = skew.map_err(|error| unknown(error.to_string()))?;
        Ok(skew.ahead / 1_000_000)
    }

    async fn admin_access(&self, node: &str) -> Result<AdminAccess, Failure> {
        self.read_admin_access(node).await
    }

    async fn close_admin(&self, node: &str) -> Result<(), Failure> {
        self.close_admin_of(node).await
    }

    async fn open_admin(&self, node: &str) -> Result<(), Failure> {
        self.open_admin_of(node).await
    }

    async fn prove_database(&self, node: &str) -> Result<(), Failure> {
        self.prove_database_of(node).await
    }

    async fn nodes_on(&self, database: &str) -> Result<Vec<String>, Failure> {
        let clusters = self.environment.clusters.values();
        let there = clusters.filter(|cluster| cluster.database.as_deref() == Some(database));
        let nodes = there.flat_map(|cluster| {
            let nodes = cluster.nodes.iter();
            nodes.filter(|node| cluster.reads_database(node))
        });
        Ok(nodes.map(|node| node.name.clone()).collect())
    }

    async fn strange_nodes(&self, node: &str) -> Result<Vec<StrangeNode>, Failure> {
        self.nodes_beside(node).await
    }

    async fn migration_state(&self, node: &str) -> Result<MigrationState, Failure> {
        self.list_migrations(node).await
    }

    async fn migrations_up(
        &self,
        node: &str,
        lock_timeout: Duration,
    ) -> Result<MigrationRun, Failure> {
        self.migrate(node, "up", lock_timeout).await
    }

    async fn migrations_finish(
        &self,
        node: &str,
        lock_timeout: Duration,
    ) -> Result<MigrationRun, Failure> {
        self.migrate(node, "finish", lock_timeout).await
    }
}

/// A unit is started with its own environment, and nothing goes over it.
pub(super) fn refuse_settings(
    node: &str,
    settings: &[(std::ffi::OsString, std::ffi::OsString)],
) -> Result<(), Failure> {
    if settings.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the Admin API of `{node}` cannot be kept closed: its Kong is started by systemd, with the unit's own environment"
    );
    Err(Failure::new("kong.admin.access", message)
        .hint("`kong::freeze` with `deny` closes the database instead"))
}

impl Live {
    async fn pause_shortly(&self) {
        tokio::time::sleep(BETWEEN).await;
    }
}
