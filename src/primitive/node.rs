//! `node.exec`: a command of the operator's own on the hosts of nodes.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Effect, Failure, Intent, Primitive, Settled};
use crate::environment::{Thing, is_program, typed};
use crate::gateway::redaction::redacted;
use crate::gateway::{CommandAnswer, Gateway};

/// Runs a command on the host of each node. What it changes, nobody knows but who wrote it: nothing takes it back, and after a crash a
/// person says whether it had its effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// The nodes, in order.
    pub nodes: Vec<String>,
    /// The program and its arguments, exactly. No shell reads them.
    pub command: Vec<String>,
    /// The exit codes that are right, the first of them what a dry run assumes.
    pub statuses: Vec<i32>,
    /// How long it may take on one node, in milliseconds.
    pub within: u64,
}

impl Exec {
    /// The command as one would type it.
    #[must_use]
    pub fn typed(&self) -> String {
        typed(&self.command)
    }

    /// The command on each of its nodes.
    pub(super) fn commands(&self) -> impl Iterator<Item = Thing> {
        self.nodes.iter().map(|node| Thing::Command {
            node: node.clone(),
            words: self.command.clone(),
        })
    }

    /// What is wrong with the command itself, whoever may run it.
    fn wrong(&self) -> Option<(&'static str, &'static str)> {
        let program = self.command.first().map(String::as_str).unwrap_or_default();
        if !is_program(program) {
            return Some((
                "its program cannot be found without a search",
                "a command begins with `kong`, which is the node's own, or with an absolute path",
            ));
        }
        if self.command.iter().any(|word| word.contains('\0')) {
            return Some(("a word of it holds a NUL", "no program can be given one"));
        }
        // Every process of the host sees what another one was started with.
        let secret = |word: &String| redacted(word) != *word;
        self.command.iter().any(secret).then_some((
            "a secret of the environment stands in it",
            "let the program read its secrets itself, from a file of its own",
        ))
    }
}

impl Primitive for Exec {
    type Observed = ();
    type Outcome = CommandAnswer;
    const VERB: &'static str = "node.exec";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        self.nodes.clone()
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        match self.wrong() {
            None => Ok(()),
            Some((what, hint)) => Err(Failure::new(
                "node.exec.command",
                format!("`{}` is not run: {what}", self.typed()),
            )
            .hint(hint)),
        }
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<CommandAnswer, Failure> {
        let hoped = self.statuses.first().copied().unwrap_or_default();
        let within = std::time::Duration::from_millis(self.within);
        let answer = world.execute(target, &self.command, within, hoped).await?;
        if self.statuses.contains(&answer.status) {
            return Ok(answer);
        }
        let said = [answer.stderr.trim(), answer.stdout.trim()];
        let said = said.into_iter().find(|said| !said.is_empty());
        let message = format!(
            "`{}` on `{target}` ended with exit code {}{}",
            self.typed(),
            answer.status,
            said.map(|said| format!(": {}", last_line(said)))
                .unwrap_or_default()
        );
        let details = json!({
            "status": answer.status, "stdout": answer.stdout, "stderr": answer.stderr
        });
        Err(Failure::new("node.exec.status", message).details(details))
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Settled<CommandAnswer>, Failure> {
        Ok(Settled::Unknown(format!(
            "nothing tells whether `{}` had its effect on `{target}`",
            self.typed()
        )))
    }
}

/// Programs say last why they failed.
fn last_line(said: &str) -> &str {
    said.lines().next_back().unwrap_or_default()
}
