//! The supervisor's end of the pipe: starts the child, feeds it, and believes nothing it says without looking.
//!
//! The child is treated as hostile: lines are bounded and parsed strictly, what comes out of turn ends it, and a child that is dead
//! or silent never takes the supervisor with it.

mod checks;
mod meter;
mod pipe;
mod trial;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Sources;
use super::protocol::{FromChild, Inventory, Job, Loaded, Purpose, SourceKind, ToChild, VERSION};
use crate::drill::Report;
use crate::environment::Budgets;
use crate::journal::{Sandbox, Spent, StepNo};
use crate::run::{Answer, Fault, Foreseen, Request, Scenario, Script};
use pipe::{Pipe, broke};

/// How many recorded answers are sent in one line.
const BATCH: usize = 256;

/// On what terms a stranger's text is interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// What it may use up.
    pub budgets: Budgets,
    /// Whether every layer of the sandbox must hold.
    pub require_full_sandbox: bool,
}

/// A playbook in its process.
#[derive(Debug)]
pub struct Host {
    terms: Terms,
    kind: SourceKind,
    sources: Sources,
    /// The playbooks that tests asked for, by the names that they used.
    playbooks: BTreeMap<String, Sources>,
    parameters: BTreeMap<String, Value>,
    inventory: Inventory,
    pipe: Option<Pipe>,
    /// The layers that hold the process that was started last.
    sandbox: Option<Sandbox>,
    /// What the last process used that is no more.
    spent: Vec<Spent>,
    /// Set from the first request until the process ends.
    begun: bool,
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
    /// It used up a budget, and was ended.
    #[error("the script used up its budget of {0}")]
    Budget(String),
    /// A layer of the sandbox does not hold, and all of them were asked for.
    #[error("the sandbox is not full: {0}")]
    Unconfined(String),
}

impl Host {
    /// Loads a playbook: parsed, checked and with its modules, in a process of its own.
    pub async fn load(sources: Sources, terms: Terms) -> Result<(Self, Loaded), HostError> {
        Self::load_as(SourceKind::Playbook, sources, terms).await
    }

    async fn load_as(
        kind: SourceKind,
        sources: Sources,
        terms: Terms,
    ) -> Result<(Self, Loaded), HostError> {
        let mut host = Self {
            terms,
            kind,
            sources,
            playbooks: BTreeMap::new(),
            parameters: BTreeMap::new(),
            inventory: Inventory::default(),
            pipe: None,
            sandbox: None,
            spent: Vec::new(),
            begun: false,
        };
        let loaded = host.start().await?;
        Ok((host, loaded))
    }

    /// What would hold a playbook's process here.
    pub async fn probe() -> Result<Sandbox, HostError> {
        let mut pipe = Pipe::open(&Budgets::default()).map_err(HostError::Spawn)?;
        confined(&mut pipe).await
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
            FromChild::Foreseen(foreseen) if foreseen.makes_sense() => Ok(*foreseen),
            FromChild::Foreseen(_) => {
                self.end();
                Err(broke("told of a run that cannot be"))
            }
            _ => Err(self.out_of_turn()),
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
                FromChild::Drilling { done, of } => {
                    self.goes_on();
                    tick(done, of);
                }
                FromChild::Drilled(report) => return Ok(*report),
                _ => return Err(self.out_of_turn()),
            }
        }
    }

    async fn send_job(&mut self, scenario: Scenario, purpose: Purpose) -> Result<(), HostError> {
        if self.pipe.is_none() || self.begun {
            self.pipe = None;
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

    /// The layers that hold the script's process.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    async fn start(&mut self) -> Result<Loaded, HostError> {
        self.pipe = Some(Pipe::open(&self.terms.budgets).map_err(HostError::Spawn)?);
        self.begun = false;
        let sandbox = confined(self.pipe()?).await?;
        self.require(&sandbox)?;
        self.sandbox = Some(sandbox);
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
                _ => return Err(broke("asked for a step before it was begun")),
            }
        }
    }

    /// Refuses a sandbox with a layer missing, where all were asked for.
    fn require(&self, sandbox: &Sandbox) -> Result<(), HostError> {
        let lacking = sandbox.lacking();
        let lacking: Vec<String> = lacking
            .map(|(name, why)| format!("{name} ({why})"))
            .collect();
        if self.terms.require_full_sandbox && !lacking.is_empty() {
            return Err(HostError::Unconfined(lacking.join(", ")));
        }
        Ok(())
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
        let sent = self.pipe()?.send(message).await;
        self.ending(sent)
    }

    async fn receive(&mut self) -> Result<FromChild, HostError> {
        let received = self.pipe()?.receive().await;
        self.ending(received)
    }

    fn pipe(&mut self) -> Result<&mut Pipe, HostError> {
        self.pipe.as_mut().ok_or_else(|| broke("is not there"))
    }

    /// Ends a process that broke the protocol or used up a budget: whatever it says next is not heard.
    fn ending<Message>(
        &mut self,
        result: Result<Message, HostError>,
    ) -> Result<Message, HostError> {
        if result.is_err() {
            self.end();
        }
        result
    }

    /// Ends a process whose message has no meaning here.
    fn out_of_turn(&mut self) -> HostError {
        self.end();
        broke("spoke out of turn")
    }

    fn end(&mut self) {
        if let Some(pipe) = self.pipe.take() {
            self.spent = pipe.meter.spent();
        }
    }

    /// A long work goes on, and is not silence.
    fn goes_on(&mut self) {
        if let Some(pipe) = &mut self.pipe {
            pipe.meter.goes_on();
        }
    }
}

/// The first thing that a process says. It has seen nobody's text yet, so it is our own code that speaks, and it is believed.
async fn confined(pipe: &mut Pipe) -> Result<Sandbox, HostError> {
    match pipe.receive().await? {
        FromChild::Confined { sandbox } => Ok(sandbox),
        _ => Err(broke("did not say what holds it")),
    }
}

impl From<HostError> for Fault {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Spawn(source) => Self::ScriptDied(format!("could not be started: {source}")),
            HostError::Died(how) => Self::ScriptDied(how),
            HostError::Budget(what) => Self::Budget(what),
            HostError::Unconfined(why) => {
                Self::ScriptDied(format!("is not wholly confined: {why}"))
            }
        }
    }
}

impl Script for Host {
    async fn begin(&mut self, ahead: Vec<Answer>, only_replay: bool) -> Result<(), Fault> {
        if self.pipe.is_none() || self.begun {
            self.pipe = None;
            self.start().await?;
        }
        self.pipe()?.meter.repeats(ahead.len());
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
            _ => Err(self.out_of_turn().into()),
        }
    }

    async fn answer(&mut self, answer: Answer) -> Result<(), Fault> {
        Ok(self.send(&ToChild::Answer { answer }).await?)
    }

    async fn closure(&mut self, step: StepNo) -> Result<(), Fault> {
        self.pipe()?.meter.way_back();
        Ok(self.send(&ToChild::Closure { step }).await?)
    }

    fn waits(&self) -> bool {
        self.begun && self.pipe.is_some()
    }

    fn spent(&self) -> Vec<Spent> {
        let mut spent = self.spent.clone();
        if let Some(pipe) = &self.pipe {
            spent.extend(pipe.meter.spent());
        }
        // A process that was ended for a budget is what counts, not the one that walks the way back.
        spent.sort_by(|a, b| (&a.budget, b.used).cmp(&(&b.budget, a.used)));
        spent.dedup_by(|a, b| a.budget == b.budget);
        spent
    }
}

#[cfg(test)]
mod tests;
