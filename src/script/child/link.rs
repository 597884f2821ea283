//! The child's end of the conversation, and everything that a running script shares with the functions it calls.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use rhai::{AST, Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext, Shared};
use serde_json::Value;

use super::channel::Channel;
use super::fault::Stop;
use super::load::Unit;
use super::memory;
use super::raised;
use super::values::Raise as _;
use crate::environment::Budgets;
use crate::journal::{Place, StepNo};
use crate::primitive::{Effect, Failure, Intent};
use crate::run::{self, Answer, Request};
use crate::script::protocol::{FromChild, Inventory, Job, Taken, ToChild};

/// The link, shared between the engine and its functions.
#[derive(Clone)]
pub(in crate::script) struct SharedLink(Rc<Link>);

/// What the supervisor wants of a playbook that was loaded.
pub(super) enum Wanted {
    /// That it runs: every step is the supervisor's.
    Run(BTreeMap<String, Value>, Inventory),
    /// That it is played in a simulated world.
    Play(Box<Job>),
    /// That its tests are run.
    Test,
    /// What checks it lists.
    List,
}

/// The child's end of the conversation.
pub(in crate::script) struct Link {
    channel: Box<dyn Channel>,
    budgets: Budgets,
    /// Answers of recorded steps that were sent ahead.
    ahead: RefCell<VecDeque<Answer>>,
    /// Whether to stop where those end.
    only_replay: Cell<bool>,
    /// How many steps the script has called.
    steps: Cell<u32>,
    /// How many of them it has called when its turn on the way back came: that has a budget of its own.
    steps_forward: Cell<u32>,
    operations: Cell<u64>,
    /// The most bytes that were allocated between two operations.
    memory: Cell<u64>,
    /// Whether an invariant is at work, which only looks.
    only_looks: Cell<bool>,
    /// Whether the text only lists something: it may call no step at all.
    only_lists: Cell<bool>,
    /// Set once, when the script must not go on; see [`Stop`].
    stop: RefCell<Option<Stop>>,
    /// A message that came where an answer was awaited.
    pending: RefCell<Option<ToChild>>,
    inventory: RefCell<Inventory>,
    /// The parsed sources by name.
    sources: RefCell<BTreeMap<String, AST>>,
    /// The modules that were imported so far. One that is imported twice is evaluated once.
    modules: RefCell<BTreeMap<String, Shared<Module>>>,
    /// The closures that steps left for the way back.
    pub(super) closures: RefCell<BTreeMap<StepNo, super::closures::Kept>>,
    /// The playbook's name: the interpreter's errors do not name the source of its outermost frame.
    playbook: OnceCell<String>,
}

impl std::ops::Deref for SharedLink {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.0
    }
}

impl SharedLink {
    pub(in crate::script) fn new(link: Link) -> Self {
        Self(Rc::new(link))
    }

    /// The link of the engine that calls.
    pub(in crate::script) fn of(context: &NativeCallContext) -> Self {
        let tag = context.tag().and_then(|tag| tag.clone().try_cast::<Self>());
        tag.expect("the engine carries the link as its tag")
    }
}

impl Link {
    pub(in crate::script) fn over(channel: impl Channel + 'static, budgets: Budgets) -> Self {
        Self {
            channel: Box::new(channel),
            budgets,
            ahead: RefCell::default(),
            only_replay: Cell::new(false),
            steps: Cell::new(0),
            steps_forward: Cell::new(0),
            operations: Cell::new(0),
            memory: Cell::new(0),
            only_looks: Cell::new(false),
            only_lists: Cell::new(false),
            stop: RefCell::new(None),
            pending: RefCell::new(None),
            inventory: RefCell::default(),
            sources: RefCell::default(),
            modules: RefCell::default(),
            closures: RefCell::default(),
            playbook: OnceCell::new(),
        }
    }

    /// Forgets everything of an earlier run but the sources.
    pub(super) fn begin_anew(&self) {
        self.ahead.borrow_mut().clear();
        self.only_replay.set(false);
        self.steps.set(0);
        self.steps_forward.set(0);
        self.operations.set(0);
        self.only_looks.set(false);
        *self.stop.borrow_mut() = None;
        *self.pending.borrow_mut() = None;
        self.modules.borrow_mut().clear();
        self.closures.borrow_mut().clear();
    }

    /// Holds the sources of what was loaded, for `import`; the playbook's own, or that of the tests, is the first.
    pub(super) fn hold(&self, units: &[Unit]) {
        if let Some(first) = units.first() {
            self.playbook.get_or_init(|| first.name.clone());
        }
        let sources = units
            .iter()
            .map(|unit| (unit.name.clone(), unit.ast.clone()));
        *self.sources.borrow_mut() = sources.collect();
    }

    /// Sends a message. A pipe that is gone is noticed at the next reading.
    pub(super) fn send(&self, message: FromChild) {
        let taken = Taken {
            operations: self.operations.get(),
            memory: self.memory.get(),
        };
        if self.channel.send(message, taken).is_err() {
            self.stop_with(Stop::Gone);
        }
    }

    /// The next message; `None` when the supervisor is gone or does not keep to the protocol.
    pub(super) fn receive(&self) -> Option<ToChild> {
        if let Some(pending) = self.pending.borrow_mut().take() {
            return Some(pending);
        }
        let message = self.channel.receive();
        if message.is_none() {
            self.stop_with(Stop::Gone);
        }
        message
    }

    /// Takes in recorded answers until the word to begin comes.
    pub(super) fn receive_wanted(&self) -> Option<Wanted> {
        loop {
            match self.receive()? {
                ToChild::Ahead { answers } => self.ahead.borrow_mut().extend(answers),
                ToChild::Begin {
                    parameters,
                    inventory,
                    only_replay,
                } => {
                    self.only_replay.set(only_replay);
                    return Some(Wanted::Run(parameters, inventory));
                }
                ToChild::Play { job } => return Some(Wanted::Play(job)),
                ToChild::Test => return Some(Wanted::Test),
                ToChild::List => return Some(Wanted::List),
                _ => return None,
            }
        }
    }

    pub(super) fn budgets(&self) -> Budgets {
        self.budgets
    }

    pub(super) fn set_inventory(&self, inventory: Inventory) {
        *self.inventory.borrow_mut() = inventory;
    }

    pub(in crate::script) fn inventory(&self) -> Inventory {
        self.inventory.borrow().clone()
    }

    pub(super) fn module(&self, name: &str) -> Option<AST> {
        self.sources.borrow().get(name).cloned()
    }

    pub(super) fn evaluated(&self, name: &str) -> Option<Shared<Module>> {
        self.modules.borrow().get(name).cloned()
    }

    pub(super) fn keep_evaluated(&self, name: &str, module: Shared<Module>) {
        self.modules.borrow_mut().insert(name.to_owned(), module);
    }

    /// Called for every operation of the interpreter; `Some` ends the script. The count that the interpreter offers is not used: it
    /// loses what closures do inside natives.
    pub(super) fn on_operation(&self) -> Option<Dynamic> {
        let operations = self.operations.get() + 1;
        self.operations.set(operations);
        if operations > self.budgets.operations {
            self.stop_with(Stop::Budget(format!(
                "{} operations",
                self.budgets.operations
            )));
        }
        let allocated = memory::allocated() as u64;
        self.memory.set(self.memory.get().max(allocated));
        if memory::is_spent(allocated, self.budgets.memory_bytes()) {
            self.stop_with(Stop::Budget(format!(
                "{} MiB of memory",
                self.budgets.memory_mib
            )));
        }
        self.stop.borrow().is_some().then_some(Dynamic::UNIT)
    }

    /// Asks for a step and waits for its answer. Returns the step's number with it.
    pub(in crate::script) fn call(
        &self,
        context: &NativeCallContext,
        intent: Intent,
    ) -> Result<(StepNo, Answer), Box<EvalAltResult>> {
        self.refuse_if_stopped()?;
        if self.only_lists.get() {
            let message = format!("`{}` is called where checks are listed", intent.verb());
            return Err(Failure::new("checks.acts", message).raise_in(context));
        }
        if self.only_looks.get() && intent.effect() != Effect::Read {
            return Err(run::acts(&intent).raise_in(context));
        }
        let step = StepNo(self.steps.get() + 1);
        if step.0 - self.steps_forward.get() > self.budgets.steps {
            let spent = format!("{} steps", self.budgets.steps);
            return Err(self.terminate(Stop::Budget(spent)));
        }
        self.steps.set(step.0);
        let recorded = self.ahead.borrow_mut().pop_front();
        if recorded.is_none() && self.only_replay.get() {
            return Err(self.terminate(Stop::Replayed));
        }
        self.send(FromChild::Request(Request::Call {
            intent,
            place: place(context),
        }));
        if let Some(answer) = recorded {
            return Ok((step, answer));
        }
        match self.receive() {
            Some(ToChild::Answer { answer }) => Ok((step, answer)),
            Some(closure @ ToChild::Closure { .. }) => {
                *self.pending.borrow_mut() = Some(closure);
                Err(self.terminate(Stop::Abandoned))
            }
            Some(_) | None => Err(self.terminate(Stop::Gone)),
        }
    }

    /// From here on no step may be called at all.
    pub(super) fn only_list(&self) {
        self.only_lists.set(true);
    }

    /// Runs `body`, in which every step must be a look.
    pub(in crate::script) fn only_looking<T>(&self, body: impl FnOnce() -> T) -> T {
        let before = self.only_looks.replace(true);
        let done = body();
        self.only_looks.set(before);
        done
    }

    /// Runs `body` as the phase `name`.
    pub(in crate::script) fn phase(
        &self,
        context: &NativeCallContext,
        name: &str,
        body: &FnPtr,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        self.refuse_if_stopped()?;
        if self.only_lists.get() {
            let message = format!("the phase `{name}` begins where checks are listed");
            return Err(Failure::new("checks.acts", message).raise_in(context));
        }
        self.send(FromChild::Request(Request::Entered {
            name: name.to_owned(),
        }));
        let result = body.call_within_context::<Dynamic>(context, ());
        if self.stop.borrow().is_none() {
            self.send(FromChild::Request(Request::Left {
                name: name.to_owned(),
            }));
        }
        result
    }

    /// What a script's end means, whatever the interpreter says: a stop that was swallowed on the way still stands.
    pub(super) fn stopped(&self, result: Result<Dynamic, Box<EvalAltResult>>) -> Result<(), Stop> {
        if let Some(stop) = self.stop.borrow().clone() {
            return Err(stop);
        }
        result.map(drop).map_err(|error| {
            let playbook = self.playbook.get().map(String::as_str);
            Stop::Raised(Box::new(raised::raised(&error, playbook)))
        })
    }

    /// Makes the script runnable again, for a closure of the way back. What it had left of its budget is its own.
    pub(super) fn revive(&self) {
        if *self.stop.borrow() != Some(Stop::Gone) {
            *self.stop.borrow_mut() = None;
        }
        self.only_replay.set(false);
        self.ahead.borrow_mut().clear();
        self.operations.set(0);
        self.steps_forward.set(self.steps.get());
    }

    fn refuse_if_stopped(&self) -> Result<(), Box<EvalAltResult>> {
        if self.stop.borrow().is_some() {
            Err(terminated())
        } else {
            Ok(())
        }
    }

    fn terminate(&self, stop: Stop) -> Box<EvalAltResult> {
        self.stop_with(stop);
        terminated()
    }

    /// The first reason stands.
    fn stop_with(&self, stop: Stop) {
        self.stop.borrow_mut().get_or_insert(stop);
    }
}

fn terminated() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(
        Dynamic::UNIT,
        rhai::Position::NONE,
    ))
}

/// Where the script calls from.
fn place(context: &NativeCallContext) -> Option<Place> {
    let position = context.call_position();
    raised::place(context.call_source(), position)
}
