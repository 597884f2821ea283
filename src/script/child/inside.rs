//! A script that runs in the same process as its gate: for worlds that are only simulated.
//!
//! The interpreter and the gate take turns on one thread. The interpreter calls and waits for an answer in the middle of its own
//! recursion, and the gate asks for the next request in the middle of its own, so one of the two needs a stack of its own: the
//! script runs in a coroutine, which is what makes thousands of runs a second possible. What is said is what crosses the pipe
//! otherwise.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use rhai::{AST, Engine};
use scoped_tls::scoped_thread_local;
use serde_json::Value;

use super::channel::{Channel, Gone};
use super::link::{Link, SharedLink};
use super::load::Unit;
use super::{engine, interpret};
use crate::environment::Budgets;
use crate::journal::StepNo;
use crate::run::{Answer, Fault, Request, Script};
use crate::script::protocol::{FromChild, Inventory, Taken, ToChild};

/// The script's stack, as large as the one that it has in a run.
const STACK: usize = super::confinement::STACK;

thread_local! {
    /// A stack that no script has now: made before the process bounded its memory, and used again by every run.
    static SPARE: Cell<Option<DefaultStack>> = const { Cell::new(None) };
}

/// Makes the stack that runs of this thread use. Where that fails, each tries again, and says so.
pub(super) fn keep_stack() {
    SPARE.set(DefaultStack::new(STACK).ok());
}

scoped_thread_local!(
    /// How the script that runs on this thread gives the turn to its gate.
    static TURN: Yielder<Option<ToChild>, ()>
);

/// The script's side: what it says is left in the box, and when it waits, the gate has the turn.
struct Turns(Rc<RefCell<VecDeque<FromChild>>>);

impl Channel for Turns {
    fn send(&self, message: FromChild, _taken: Taken) -> Result<(), Gone> {
        self.0.borrow_mut().push_back(message);
        Ok(())
    }

    fn receive(&self) -> Option<ToChild> {
        TURN.with(|turn| turn.suspend(()))
    }
}

/// A playbook that can be played again and again.
pub(super) struct Inside {
    engine: Rc<Engine>,
    link: SharedLink,
    playbook: Rc<AST>,
    parameters: BTreeMap<String, Value>,
    inventory: Inventory,
    said: Rc<RefCell<VecDeque<FromChild>>>,
    /// The script at work, until it is told that nobody listens any more.
    turns: Option<Coroutine<Option<ToChild>, (), ()>>,
}

impl Inside {
    /// Of what was loaded; `playbook` is the first of it.
    pub(super) fn new(
        budgets: Budgets,
        units: &[Unit],
        playbook: AST,
        parameters: BTreeMap<String, Value>,
        inventory: Inventory,
    ) -> Self {
        let said = Rc::new(RefCell::new(VecDeque::new()));
        let link = SharedLink::new(Link::over(Turns(said.clone()), budgets));
        link.hold(units);
        Self {
            engine: Rc::new(engine(&link)),
            link,
            playbook: Rc::new(playbook),
            parameters,
            inventory,
            said,
            turns: None,
        }
    }

    /// Gives the script the turn, with a message or the word that nobody is there.
    fn turn(&mut self, message: Option<ToChild>) {
        let Some(turns) = &mut self.turns else { return };
        if let CoroutineResult::Return(()) = turns.resume(message) {
            SPARE.set(self.turns.take().map(Coroutine::into_stack));
        }
    }

    /// Lets a script that is still at work come to its end.
    fn end(&mut self) {
        // Whatever it does, it finds nobody there, and stops at the next thing it asks for.
        while self.turns.is_some() {
            self.turn(None);
        }
        self.said.borrow_mut().clear();
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.end();
    }
}

impl Script for Inside {
    async fn begin(&mut self, ahead: Vec<Answer>, only_replay: bool) -> Result<(), Fault> {
        self.end();
        self.link.begin_anew();
        let stack = SPARE
            .take()
            .map_or_else(|| DefaultStack::new(STACK), Ok)
            .map_err(|error| Fault::ScriptDied(format!("has no stack: {error}")))?;
        let (engine, link, playbook) = (
            self.engine.clone(),
            self.link.clone(),
            self.playbook.clone(),
        );
        self.turns = Some(Coroutine::with_stack(
            stack,
            move |turn: &Yielder<Option<ToChild>, ()>, _begin| {
                TURN.set(turn, || interpret(&engine, &link, &playbook));
            },
        ));
        self.turn(None);
        self.turn(Some(ToChild::Ahead { answers: ahead }));
        self.turn(Some(ToChild::Begin {
            parameters: self.parameters.clone(),
            inventory: self.inventory.clone(),
            only_replay,
        }));
        Ok(())
    }

    async fn next(&mut self) -> Result<Request, Fault> {
        let said = self.said.borrow_mut().pop_front();
        match said {
            Some(FromChild::Request(request)) => Ok(request),
            Some(FromChild::Budget { what }) => Err(Fault::Budget(what)),
            Some(_) | None => Err(Fault::ScriptDied("spoke out of turn".to_owned())),
        }
    }

    async fn answer(&mut self, answer: Answer) -> Result<(), Fault> {
        self.turn(Some(ToChild::Answer { answer }));
        Ok(())
    }

    async fn closure(&mut self, step: StepNo) -> Result<(), Fault> {
        self.turn(Some(ToChild::Closure { step }));
        Ok(())
    }

    fn waits(&self) -> bool {
        self.turns.is_some()
    }
}
