//! The person at the terminal, or at another one: answers to what a run asks, and the wish to put it down.

use std::cell::RefCell;
use std::io::Write as _;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::output;
use super::runner::Manner;
use crate::journal::{Actor, JournalError, RunDirectory, StepNo};
use crate::run::{Answered, People, Question};

/// An answer that was given from another terminal, as a private file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FiledAnswer {
    /// Yes or no.
    pub(super) yes: bool,
    /// Who.
    pub(super) by: String,
}

/// Why the run should be put down, once somebody wants that.
pub(super) type PauseWish = Rc<RefCell<Option<String>>>;

/// Whoever answers for a run.
pub(super) struct Operator {
    directory: RunDirectory,
    environment: String,
    /// Wait for an answer from another terminal instead of putting the run down.
    wait: bool,
    /// Approvals were given in advance, with the environment's name typed on the command line.
    approved: bool,
    pause: PauseWish,
}

impl Operator {
    pub(super) fn new(
        directory: RunDirectory,
        environment: String,
        manner: Manner,
        pause: PauseWish,
    ) -> Self {
        let (wait, approved) = (manner.wait, manner.approved);
        Self {
            directory,
            environment,
            wait,
            approved,
            pause,
        }
    }

    fn filed(&self, question: &Question) -> Option<Answered> {
        let name = match question {
            Question::Approve { step, .. } => approval_file(*step),
            Question::Settle { step, .. } => settle_file(*step),
            Question::Undo { .. } => return None,
        };
        let text = self.directory.stored(&name).ok()??;
        let answer: FiledAnswer = serde_json::from_str(&text).ok()?;
        // An answer is for one question: a later one is asked anew.
        let _ = std::fs::remove_file(self.directory.path().join(&name));
        let by = Actor::Person(answer.by);
        Some(if answer.yes {
            Answered::Yes(by)
        } else {
            Answered::No(by)
        })
    }

    async fn at_terminal(&self, question: &Question) -> Answered {
        let (text, yes, no) = match question {
            Question::Approve { shown, .. } => (
                format!(
                    "{shown}\nType `{}` to approve, anything else to put the run down: ",
                    self.environment
                ),
                self.environment.as_str(),
                None,
            ),
            Question::Settle { step, why } => (
                format!("Did step {step} take effect? ({why})\nType `done` or `not-done`: "),
                "done",
                Some("not-done"),
            ),
            Question::Undo { reason } => (
                format!("{reason}\nType `undo` to go back, anything else to hold: "),
                "undo",
                None,
            ),
        };
        let _ = write!(std::io::stderr(), "{}", crate::render::clean(&text));
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        let by = Actor::Person(login());
        match BufReader::new(tokio::io::stdin())
            .read_line(&mut line)
            .await
        {
            Ok(0) | Err(_) => Answered::Nobody,
            Ok(_) if line.trim() == yes => Answered::Yes(by),
            Ok(_) if no.is_some_and(|no| line.trim() != no) => Answered::Nobody,
            Ok(_) => Answered::No(by),
        }
    }
}

impl People for Operator {
    async fn ask(&mut self, question: &Question) -> Answered {
        if let Some(answer) = self.filed(question) {
            return answer;
        }
        if self.approved && matches!(question, Question::Approve { .. }) {
            return Answered::Yes(Actor::Person(login()));
        }
        if output::at_terminal() {
            return self.at_terminal(question).await;
        }
        while self.wait && self.pause.borrow().is_none() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if let Some(answer) = self.filed(question) {
                return answer;
            }
        }
        Answered::Nobody
    }

    fn wants_pause(&self) -> Option<String> {
        self.pause.borrow().clone()
    }
}

/// Leaves an answer for whoever runs the run.
pub(super) fn file_answer(
    directory: &RunDirectory,
    name: &str,
    yes: bool,
) -> Result<(), JournalError> {
    let answer = FiledAnswer { yes, by: login() };
    directory.store(name, &serde_json::to_string(&answer).expect("plain data"))
}

pub(super) fn approval_file(step: StepNo) -> String {
    format!("answers/approve-{step}.json")
}

pub(super) fn settle_file(step: StepNo) -> String {
    format!("answers/settle-{step}.json")
}

/// The name that the person logged in with.
pub(super) fn login() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    named
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
