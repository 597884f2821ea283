//! The supervisor's end of the pipe: starts the child, feeds it, and believes nothing it says without looking.
//!
//! The child is treated as hostile: lines are bounded and parsed strictly, what comes out of turn ends it, and a child that is dead
//! or silent never takes the supervisor with it.

mod trial;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Sources;
use super::protocol::{
    FromChild, Inventory, Job, LONGEST_LINE, Loaded, Purpose, SourceKind, ToChild, VERSION,
};
use crate::drill::Report;
use crate::journal::StepNo;
use crate::run::{Answer, Fault, Foreseen, Request, Scenario, Script};

/// The word that makes the binary the child.
pub(crate) const CHILD_WORD: &str = "script-host";

/// How long a script may think between two messages. The count of operations does not see what a single operation takes, and a
/// chain of closures that hold one another can take one for ever. A playbook needs milliseconds.
const THINKING: Duration = Duration::from_secs(10);

/// How many recorded answers are sent in one line.
const BATCH: usize = 256;

/// A playbook in its process.
#[derive(Debug)]
pub struct Host {
    kind: SourceKind,
    sources: Sources,
    /// The playbooks that tests asked for, by the names that they used.
    playbooks: BTreeMap<String, Sources>,
    parameters: BTreeMap<String, Value>,
    inventory: Inventory,
    process: Option<Process>,
    /// Set from the first request until the process ends.
    begun: bool,
}

#[derive(Debug)]
struct Process {
    /// Ended with this value: the child has nothing of its own to finish.
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Why a playbook could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The process could not be started.
    #[error("cannot start the script's process: {0}")]
    Spawn(std::io::Error),
    /// The process ended, or broke the protocol.
    #[error("the script's process {0}")]
    Died(String),
    /// The process did not answer in time, and was ended.
    #[error("the script used up its budget of {} s between two steps", THINKING.as_secs())]
    Silent,
}

impl Host {
    /// Loads a playbook: parsed, checked and with its modules, in a process of its own.
    pub async fn load(sources: Sources) -> Result<(Self, Loaded), HostError> {
        Self::load_as(SourceKind::Playbook, sources).await
    }

    async fn load_as(kind: SourceKind, sources: Sources) -> Result<(Self, Loaded), HostError> {
        let mut host = Self {
            kind,
            sources,
            playbooks: BTreeMap::new(),
            parameters: BTreeMap::new(),
            inventory: Inventory::default(),
            process: None,
            begun: false,
        };
        let loaded = host.start().await?;
        Ok((host, loaded))
    }

    /// What the playbook will see when it begins.
    pub fn provide(&mut self, parameters: BTreeMap<String, Value>, inventory: Inventory) {
        self.parameters = parameters;
        self.inventory = inventory;
    }

    /// Plays the playbook in a simulated world, in its own process, and from each of its steps every way back.
    pub async fn foresee(&mut self, scenario: Scenario) -> Result<Foreseen, HostError> {
        self.send_job(scenario, Purpose::Plan).await?;
        match self.receive().await? {
            FromChild::Foreseen(foreseen) => Ok(*foreseen),
            _ => Err(self.broke("spoke out of turn")),
        }
    }

    /// Plays every fault of the playbook, or the one of the number `only`, and judges what came of it. `tick` is told how many plays
    /// of how many are done.
    pub async fn drill(
        &mut self,
        scenario: Scenario,
        only: Option<usize>,
        mut tick: impl FnMut(usize, usize),
    ) -> Result<Report, HostError> {
        self.send_job(scenario, Purpose::Drill { only }).await?;
        loop {
            match self.receive().await? {
                FromChild::Drilling { done, of } => tick(done, of),
                FromChild::Drilled(report) => return Ok(*report),
                _ => return Err(self.broke("spoke out of turn")),
            }
        }
    }

    async fn send_job(&mut self, scenario: Scenario, purpose: Purpose) -> Result<(), HostError> {
        if self.process.is_none() || self.begun {
            self.process = None;
            self.start().await?;
        }
        self.begun = true;
        let job = Box::new(Job {
            parameters: self.parameters.clone(),
            inventory: self.inventory.clone(),
            scenario,
            purpose,
        });
        self.send(&ToChild::Play { job }).await
    }

    /// The sources, with every module that was asked for.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    async fn start(&mut self) -> Result<Loaded, HostError> {
        self.process = Some(Process::spawn().map_err(HostError::Spawn)?);
        self.begun = false;
        let (name, text) = (self.sources.name.clone(), self.sources.text.clone());
        self.send(&ToChild::Load {
            version: VERSION,
            kind: self.kind,
            name,
            text,
        })
        .await?;
        loop {
            match self.receive().await? {
                FromChild::NeedModule { of, path } => self.send_module(&of, &path).await?,
                FromChild::Loaded(loaded) => return Ok(loaded),
                _ => {
                    return Err(self.broke("asked for a step before it was begun"));
                }
            }
        }
    }

    /// Sends the module `path` of the playbook `of`, or of what was loaded first.
    async fn send_module(&mut self, of: &str, path: &str) -> Result<(), HostError> {
        let sources = self.playbooks.get_mut(of).unwrap_or(&mut self.sources);
        let module = sources.module(path);
        self.send_text(module).await
    }

    async fn send_text(&mut self, read: Result<String, String>) -> Result<(), HostError> {
        let (text, problem) = match read {
            Ok(text) => (Some(text), None),
            Err(problem) => (None, Some(problem)),
        };
        self.send(&ToChild::Text { text, problem }).await
    }

    async fn send(&mut self, message: &ToChild) -> Result<(), HostError> {
        let mut line = serde_json::to_vec(message).expect("messages are plain data");
        line.push(b'\n');
        let Some(process) = &mut self.process else {
            return Err(HostError::Died("is not there".to_owned()));
        };
        match process.input.write_all(&line).await {
            Ok(()) => Ok(()),
            Err(_) => Err(HostError::Died(self.how_it_ended().await)),
        }
    }

    async fn receive(&mut self) -> Result<FromChild, HostError> {
        let Some(process) = &mut self.process else {
            return Err(HostError::Died("is not there".to_owned()));
        };
        let mut line = Vec::new();
        let limit = LONGEST_LINE as u64 + 1;
        let mut output = (&mut process.output).take(limit);
        let read = tokio::time::timeout(THINKING, output.read_until(b'\n', &mut line));
        let Ok(read) = read.await else {
            self.process = None;
            return Err(HostError::Silent);
        };
        match read {
            Ok(0) | Err(_) => Err(HostError::Died(self.how_it_ended().await)),
            Ok(length) if length > LONGEST_LINE => Err(self.broke("sent a line that is too long")),
            Ok(_) => serde_json::from_slice(&line)
                .map_err(|_| self.broke("sent something that is not a message")),
        }
    }

    /// Ends a child that does not keep to the protocol.
    fn broke(&mut self, how: &str) -> HostError {
        self.process = None;
        HostError::Died(how.to_owned())
    }

    async fn how_it_ended(&mut self) -> String {
        let Some(mut process) = self.process.take() else {
            return "is not there".to_owned();
        };
        // Its pipe is closed, so it is ending; one that closed its pipe and lives on is ended here.
        let wait = tokio::time::timeout(Duration::from_secs(2), process.child.wait());
        match wait.await {
            Ok(Ok(status)) => format!("ended unexpectedly ({status})"),
            Ok(Err(error)) => format!("ended unexpectedly ({error})"),
            Err(_) => "closed its pipe and was ended".to_owned(),
        }
    }
}

impl Process {
    fn spawn() -> std::io::Result<Self> {
        let mut child = Command::new("/proc/self/exe")
            .arg0("cutover")
            .arg(CHILD_WORD)
            .env_clear()
            .current_dir("/")
            // Its own group: a Ctrl-C at the terminal is for the supervisor, which decides what it means.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().expect("piped above");
        let output = BufReader::new(child.stdout.take().expect("piped above"));
        Ok(Self {
            child,
            input,
            output,
        })
    }
}

impl From<HostError> for Fault {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Spawn(source) => Self::ScriptDied(format!("could not be started: {source}")),
            HostError::Died(how) => Self::ScriptDied(how),
            HostError::Silent => {
                Self::Budget(format!("{} s between two steps", THINKING.as_secs()))
            }
        }
    }
}

impl Script for Host {
    async fn begin(&mut self, ahead: Vec<Answer>, only_replay: bool) -> Result<(), Fault> {
        if self.process.is_none() || self.begun {
            self.process = None;
            self.start().await?;
        }
        for answers in ahead.chunks(BATCH) {
            self.send(&ToChild::Ahead {
                answers: answers.to_vec(),
            })
            .await?;
        }
        let (parameters, inventory) = (self.parameters.clone(), self.inventory.clone());
        self.send(&ToChild::Begin {
            parameters,
            inventory,
            only_replay,
        })
        .await?;
        self.begun = true;
        Ok(())
    }

    async fn next(&mut self) -> Result<Request, Fault> {
        match self.receive().await? {
            FromChild::Request(request) => Ok(request),
            FromChild::Budget { what } => Err(Fault::Budget(what)),
            _ => Err(self.broke("spoke out of turn").into()),
        }
    }

    async fn answer(&mut self, answer: Answer) -> Result<(), Fault> {
        Ok(self.send(&ToChild::Answer { answer }).await?)
    }

    async fn closure(&mut self, step: StepNo) -> Result<(), Fault> {
        Ok(self.send(&ToChild::Closure { step }).await?)
    }

    fn waits(&self) -> bool {
        self.begun && self.process.is_some()
    }
}
