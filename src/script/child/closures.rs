//! Closures that are left for later: kept with frozen captures, and run when their turn comes.

use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};
use serde_json::Value;

use super::fault::Stop;
use super::link::{Link, SharedLink};
use crate::journal::StepNo;
use crate::run::Request;
use crate::script::protocol::{FromChild, ToChild};

/// A closure, with what it needs to be called after the script has ended.
pub(in crate::script) struct Kept {
    closure: FnPtr,
    /// Without it a closure of a module, or one that uses a module, finds nothing once its scope is gone.
    #[expect(
        deprecated,
        reason = "declared volatile, not deprecated; the version of Rhai is pinned"
    )]
    context: rhai::NativeCallContextStore,
}

impl Kept {
    /// Keeps `closure`, freezing what it captured: captured variables are shared cells, and in a loop every closure would see the
    /// last value.
    #[expect(
        deprecated,
        reason = "declared volatile, not deprecated; the version of Rhai is pinned"
    )]
    pub(in crate::script) fn new(context: &NativeCallContext, mut closure: FnPtr) -> Self {
        for captured in closure.iter_curry_mut() {
            *captured = captured.flatten_clone();
        }
        Self {
            closure,
            context: context.store_data(),
        }
    }
}

impl Link {
    /// Keeps the closure that `step` left.
    pub(in crate::script) fn keep(&self, step: StepNo, kept: Kept) {
        self.closures.borrow_mut().insert(step, kept);
    }
}

/// Runs the closures that the supervisor asks for, until it is gone.
pub(super) fn serve(engine: &Engine, link: &SharedLink) {
    while let Some(ToChild::Closure { step }) = link.receive() {
        link.revive();
        let result = call(engine, link, step);
        let said = result.as_ref().map_or(Value::Null, truth_of);
        let answer = match link.stopped(result) {
            Ok(()) => Ok(said),
            Err(Stop::Raised(raised)) => Err(raised.failure),
            Err(Stop::Budget(what)) => return link.send(FromChild::Budget { what }),
            Err(Stop::Replayed | Stop::Abandoned | Stop::Gone) => return,
        };
        link.send(FromChild::Request(Request::ClosureEnded { answer }));
    }
}

/// What a closure answers, as far as an invariant asks: a truth value, nothing, or something else.
pub(in crate::script) fn truth_of(value: &Dynamic) -> Value {
    match value.as_bool() {
        Ok(truth) => Value::Bool(truth),
        Err(_) if value.is_unit() => Value::Null,
        Err(other) => Value::String(other.to_owned()),
    }
}

#[expect(
    deprecated,
    reason = "declared volatile, not deprecated; the version of Rhai is pinned"
)]
fn call(
    engine: &Engine,
    link: &SharedLink,
    step: StepNo,
) -> Result<Dynamic, Box<rhai::EvalAltResult>> {
    let Some(kept) = link.closures.borrow_mut().remove(&step) else {
        return Err(format!("step {step} left no closure").into());
    };
    let context = kept.context.create_context(engine);
    let result = kept.closure.call_within_context::<Dynamic>(&context, ());
    // Kept for another attempt, should this one fail.
    link.closures.borrow_mut().insert(
        step,
        Kept {
            closure: kept.closure.clone(),
            context: kept.context.clone(),
        },
    );
    result
}
