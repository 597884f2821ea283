//! The person at the terminal, or at another one: answers to what a run asks, and the wish to put it down.

use std::cell::RefCell;
use std::io::Write as _;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::output;
use super::runner::Manner;
use super::silence::Silence;
use crate::journal::{Actor, Digest, JournalError, RunDirectory, StepNo, Way};
use crate::run::{Answered, Back, People, Question};

/// An answer that was given from another terminal, as a private file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FiledAnswer {
    /// Yes or no.
    pub(super) yes: bool,
    /// Who.
    pub(super) by: String,
    /// The digest of what was shown, where it is an approval: it answers that and nothing else.
    #[serde(default)]
    pub(super) shown: Option<Digest>,
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
    silence: Rc<Silence>,
}

impl Operator {
    pub(super) fn new(
        directory: RunDirectory,
        environment: String,
        manner: Manner,
        pause: PauseWish,
        silence: Rc<Silence>,
    ) -> Self {
        let (wait, approved) = (manner.wait, manner.approved);
        Self {
            directory,
            environment,
            wait,
            approved,
            pause,
            silence,
        }
    }

    fn filed(&self, question: &Question) -> Option<Answered> {
        let name = match question {
            Question::Approve { step, .. } => approval_file(*step),
            Question::Settle { step, .. } => settle_file(*step),
        };
        let text = self.directory.stored(&name).ok()??;
        let answer: FiledAnswer = serde_json::from_str(&text).ok()?;
        // An answer is for one question: a later one is asked anew.
        let _ = std::fs::remove_file(self.directory.path().join(&name));
        if let Question::Approve { shown, before, .. } = question {
            let of = |text: &String| answer.shown == Some(Digest::of(text));
            if !of(shown) && !before.as_ref().is_some_and(of) {
                output::people(&format!(
                    "an approval by {} was for something else, and does not count",
                    answer.by
                ));
                return None;
            }
        }
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
            Question::Settle { step, why, .. } => (
                format!("Did step {step} take effect? ({why})\nType `done` or `not-done`: "),
                "done",
                Some("not-done"),
            ),
        };
        let by = Actor::Person(login());
        match self.silence.while_asking(typed(&text)).await {
            None => Answered::Nobody,
            Some(line) if line == yes => Answered::Yes(by),
            Some(line) if no.is_some_and(|no| line != no) => Answered::Nobody,
            Some(_) => Answered::No(by),
        }
    }

    /// What somebody answers from another terminal, if that is waited for.
    async fn answered_elsewhere(&self, question: &Question) -> Answered {
        while self.wait && self.pause.borrow().is_none() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if let Some(answer) = self.filed(question) {
                return answer;
            }
        }
        Answered::Nobody
    }
}

/// What a person types at the terminal after `text`, unless nobody is there any more.
async fn typed(text: &str) -> Option<String> {
    let _ = write!(std::io::stderr(), "{}", crate::render::clean_lines(text));
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    let read = BufReader::new(tokio::io::stdin())
        .read_line(&mut line)
        .await;
    matches!(read, Ok(1..)).then(|| line.trim().to_owned())
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
        let answer = self.answered_elsewhere(question);
        self.silence.while_asking(answer).await
    }

    async fn turn_back(&mut self, reason: &str, ways: &[Way]) -> Back {
        if !output::at_terminal() {
            return Back::Hold;
        }
        let words: Vec<String> = ways.iter().map(|way| format!("`{way}`")).collect();
        let words = if words.is_empty() {
            "`undo`".to_owned()
        } else {
            words.join(", ")
        };
        let question = format!("{reason}\nType {words} to go back, anything else to hold: ");
        let answer = self.silence.while_asking(typed(&question)).await;
        let answer = answer.unwrap_or_default();
        let named = ways.iter().find(|way| way.to_string() == answer);
        match named {
            Some(way) => Back::By(*way, Actor::Person(login())),
            None if ways.is_empty() && answer == "undo" => Back::Undo,
            None => Back::Hold,
        }
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
    shown: Option<&str>,
) -> Result<(), JournalError> {
    let answer = FiledAnswer {
        yes,
        by: login(),
        shown: shown.map(Digest::of),
    };
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
