//! Why a node could not be stopped, changed or started again through its host.

use std::time::Duration;

use crate::environment::{Node, typed};
use crate::gateway::Failure;
use crate::gateway::live::Live;
use crate::gateway::live::commands::login_environment;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::process::{Ending, Program};
use crate::gateway::live::service::{hindering, unit_name};

/// How long `sudo` may take to tell what it allows.
const ANSWER: Duration = Duration::from_secs(30);

impl Live {
    pub(super) async fn hindrances_of(&self, node: &str) -> Result<Vec<String>, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let mut all = Vec::new();
        if let Some(name) = unit_name(node, &found) {
            let of = self.unit(&host, &found, name).await?;
            let found = hindering(&of, &found);
            all.extend(
                found
                    .iter()
                    .map(|one| format!("`{}`: {}: {}", of.unit.id, one.what, one.remedy)),
            );
        }
        all.extend(self.what_sudo_refuses(&host, &found).await?);
        Ok(all)
    }

    /// What the environment file lists to be run as root, and `sudo` does not allow without a password.
    async fn what_sudo_refuses(&self, host: &Host, node: &Node) -> Result<Vec<String>, Failure> {
        let mut refused = Vec::new();
        for question in questions(&node.sudo) {
            let mut program = Program::new("sudo", ANSWER);
            program.arguments = ["-n", "-l"].map(Into::into).into();
            if !question.is_empty() {
                program.arguments.push("--".into());
                program.arguments.extend(question.iter().map(Into::into));
            }
            program.environment = login_environment();
            program.environment.push(("LC_ALL".into(), "C".into()));
            let why = match self.run_program_on(host, program).await {
                Ok(told) if told.ending.is_success() => continue,
                // To a command that it does not allow `sudo` answers nothing at all.
                Ok(told) if told.ending == Ending::Exited(1) && told.stderr.trim().is_empty() => {
                    "it does not allow it".to_owned()
                }
                Ok(told) => format!("{} ({})", told.stderr.trim(), told.ending),
                Err(failure) if failure.code == "process.failed" => failure.message,
                Err(failure) => return Err(failure),
            };
            let what = if question.is_empty() {
                "its list".to_owned()
            } else {
                format!("`{}`", typed(&question))
            };
            refused.push(format!(
                "`sudo` was asked for {what}: {why}: let the user whom commands run as do it without a password, or take it out of `sudo` of the node"
            ));
        }
        Ok(refused)
    }
}

/// What `sudo` is asked: for each command that is written out, and once for its whole list where others are not: what stands for any words
/// may well be allowed for fewer.
fn questions(listed: &[String]) -> Vec<Vec<String>> {
    let split = listed.iter().filter_map(|listed| shlex::split(listed));
    let (open, exact): (Vec<_>, Vec<_>) =
        split.partition(|words| words.last().is_some_and(|last| last == "*"));
    let whole = (!open.is_empty()).then(Vec::new);
    whole.into_iter().chain(exact).collect()
}

#[cfg(test)]
mod tests {
    use super::questions;

    #[test]
    fn what_stands_for_any_words_is_asked_for_once_and_as_a_whole() {
        let listed = [
            "/usr/bin/mv *",
            "/bin/systemctl start -- 'a b'",
            "/bin/rm *",
        ];
        let asked = questions(&listed.map(str::to_owned));
        let exact: Vec<String> = ["/bin/systemctl", "start", "--", "a b"]
            .map(str::to_owned)
            .into();
        assert_eq!(asked, [Vec::new(), exact]);
        assert_eq!(questions(&[]), Vec::<Vec<String>>::new());
    }
}
