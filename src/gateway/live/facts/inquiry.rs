//! Asking a host, for what its programs and files say.

use std::path::Path;
use std::time::Duration;

use crate::environment::Node;
use crate::gateway::live::Live;
use crate::gateway::live::commands::login_environment;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::process::{Finished, Program};

/// How long a question may take. One that hangs, as `df` does on a server of files that is gone, holds up nothing else.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// A node, whose host is asked.
pub(super) struct Inquiry<'a> {
    pub(super) live: &'a Live,
    pub(super) host: &'a Host,
    /// What the node is called in this step, which may be a rehearsal's.
    pub(super) name: &'a str,
    pub(super) node: &'a Node,
}

impl Inquiry<'_> {
    /// What a program prints that ends well.
    pub(super) async fn answer(
        &self,
        program: &Path,
        words: &[&str],
        within: Duration,
    ) -> Result<String, String> {
        let finished = self.finished(program, words, within).await?;
        if finished.ending.is_success() {
            return Ok(finished.stdout);
        }
        let name = program.file_name().unwrap_or(program.as_os_str());
        let said = finished.stderr.trim();
        // Programs say first what they were asked in vain, and then how they are used.
        let said = said.lines().next().map(|said| format!(": {said}"));
        Err(format!(
            "`{}` failed ({}){}",
            name.display(),
            finished.ending,
            said.unwrap_or_default()
        ))
    }

    /// The same of a question that stands beside its reader, by the name that the system knows the program by.
    pub(super) async fn told(&self, question: &[&str]) -> Result<String, String> {
        let (program, words) = question.split_first().unwrap_or((&"", &[]));
        self.answer(Path::new(program), words, ANSWER).await
    }

    /// What became of a program, in the language that its answer is read in.
    pub(super) async fn finished(
        &self,
        program: &Path,
        words: &[&str],
        within: Duration,
    ) -> Result<Finished, String> {
        let mut program = Program::new(program, within);
        program.arguments = words.iter().map(Into::into).collect();
        program.environment = login_environment();
        // Not by `env`, another program: what may be started is known by its name.
        program.environment.push(("LC_ALL".into(), "C".into()));
        let program = program.on(self.node);
        let run = self.live.run_program_on(self.host, program).await;
        run.map_err(|failure| failure.message)
    }

    /// The text of a file.
    pub(super) async fn text(&self, path: &Path) -> Result<String, String> {
        let text = self.host.read_text(path).await;
        text.map_err(|error| unreadable(path, &error))
    }

    /// SHA-256 of a file.
    pub(super) async fn digest(&self, path: &Path) -> Result<String, String> {
        let digest = self.host.digest(path).await;
        digest.map_err(|error| unreadable(path, &error))
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read `{}`: {error}", path.display())
}
