//! The `kong` command of a node: exact arguments, a small fixed environment, a deadline, captured output.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::COMMAND;
use crate::environment::Node;
use crate::gateway::live::Live;
use crate::gateway::live::commands::login_environment;
use crate::gateway::live::process::{Finished, Program};
use crate::gateway::live::secret::Secret;
use crate::gateway::{Failure, ScratchNode};
use crate::kong::Version;
use crate::kong::conf::{is_secret, key_of_variable};
use crate::kong::migrations::error_message;

/// The words of a `kong` command that makes nginx's configuration for a node in `prefix`.
pub(super) fn words_of(verb: &str, node: &Node, prefix: &Path) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let mut words = vec![
        verb.to_owned(),
        "-c".to_owned(),
        path(&node.conf),
        "-p".to_owned(),
        path(prefix),
    ];
    if let Some(template) = &node.nginx_conf {
        words.extend(["--nginx-conf".to_owned(), path(template)]);
    }
    words
}

/// A `kong` command that ran.
pub(in crate::gateway::live) struct Command {
    /// What was run, for messages.
    name: String,
    pub(super) finished: Finished,
}

impl Live {
    /// Runs the `kong` of a node.
    pub(super) async fn kong(
        &self,
        node: &str,
        arguments: &[&str],
        deadline: Duration,
    ) -> Result<Command, Failure> {
        self.kong_with(node, arguments, Vec::new(), deadline).await
    }

    /// The same, with settings over those of its configuration.
    pub(super) async fn kong_with(
        &self,
        node: &str,
        arguments: &[&str],
        settings: Vec<(OsString, OsString)>,
        deadline: Duration,
    ) -> Result<Command, Failure> {
        let (_, found) = self.node(node).await?;
        let command = match ScratchNode::named(node) {
            Some(scratch) => self.command_to_try(&found, &scratch.version).await?,
            None => found.packages.command(),
        };
        Box::pin(self.run_kong(node, command, arguments, settings, deadline)).await
    }

    /// Runs another `kong` that is there with the node's configuration.
    pub(in crate::gateway::live) async fn kong_at(
        &self,
        node: &str,
        command: PathBuf,
        arguments: &[&str],
    ) -> Result<Command, Failure> {
        Box::pin(self.run_kong(node, command, arguments, Vec::new(), COMMAND)).await
    }

    /// Runs the `kong` of a node for as long as this takes, and wants it to succeed.
    pub(in crate::gateway::live) async fn kong_within(
        &self,
        node: &str,
        arguments: &[&str],
        deadline: Duration,
    ) -> Result<(), Failure> {
        self.kong(node, arguments, deadline)
            .await?
            .success()
            .map(drop)
    }

    async fn run_kong(
        &self,
        node: &str,
        command: PathBuf,
        arguments: &[&str],
        settings: Vec<(OsString, OsString)>,
        deadline: Duration,
    ) -> Result<Command, Failure> {
        let (_, found) = self.node(node).await?;
        let scratch = ScratchNode::named(node);
        let mut program = Program::new(command, deadline);
        program.arguments = arguments.iter().map(Into::into).collect();
        let host = self.host(&found).await?;
        program.environment = login_environment();
        let of_service = self.service_environment(&host, &found).await?;
        let secrets = of_service.iter().filter(|(name, _)| {
            let key = key_of_variable(&name.to_string_lossy());
            key.is_some_and(|key| is_secret(&key))
        });
        let secrets = secrets.filter_map(|(_, value)| value.to_str().map(Secret::new));
        program.secrets.extend(secrets);
        program.environment.extend(of_service);
        let mut conf = None;
        if let Some(scratch) = &scratch {
            conf = self.lead_to_copy(&mut program, scratch).await?;
        }
        program.environment.extend(settings);
        let name = format!(
            "kong {} on `{node}`",
            arguments.first().copied().unwrap_or_default()
        );
        let finished = self.run_program_on(&host, program.on(&found)).await;
        if let Some(conf) = conf {
            // What cannot be removed now, the next runner removes.
            let _ = host.remove(&conf).await;
        }
        let finished = finished?;
        Ok(Command { name, finished })
    }
}

impl Command {
    /// Whether Kong could parse a declarative configuration.
    pub(in crate::gateway::live) fn parsed(
        self,
        node: &str,
        version: &Version,
    ) -> Result<(), Failure> {
        self.success().map(drop).map_err(|failure| {
            let message = format!(
                "Kong {version} cannot read the declarative configuration of `{node}`: {}",
                failure.message
            );
            Failure::new("kong.declarative.refused", message).hint(
                "convert it for that version first, as with `deck file convert`, and try it with `kong config parse`",
            )
        })
    }

    /// What it printed, if it exited with 0; else Kong's own error.
    pub(super) fn success(self) -> Result<Finished, Failure> {
        if self.finished.ending.is_success() {
            return Ok(self.finished);
        }
        let said = error_message(&self.finished.stderr).unwrap_or_else(|| {
            format!("{}{}", self.finished.stdout, self.finished.stderr)
                .trim()
                .to_owned()
        });
        Err(Failure::new(
            "kong.command",
            format!("{}: {said} ({})", self.name, self.finished.ending),
        ))
    }
}
