//! Sorting and the like by a comparer, which may fail as any function may.
//!
//! Rhai's own pass over whatever a comparer raises. A step that failed in one would be passed over with it, without a `try` in
//! sight, so these stand in their place.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a function of the interpreter is given its context and its closures by value"
)]

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext};

use super::values::Raise as _;
use crate::primitive::Failure;

type Raised = Box<EvalAltResult>;

/// Puts them in the place of Rhai's.
pub(super) fn register(engine: &mut Engine) {
    for name in ["sort", "sort_by"] {
        engine.register_fn(name, sort);
    }
    for name in ["order", "order_by"] {
        engine.register_fn(name, order);
    }
    engine.register_fn("dedup", dedup);
}

fn sort(context: NativeCallContext, array: &mut Array, comparer: FnPtr) -> Result<(), Raised> {
    let mut raised = None;
    let mut compare = |one: &Dynamic, other: &Dynamic| {
        if raised.is_some() {
            return Ordering::Equal;
        }
        match comparer.call_within_context(&context, (one.clone(), other.clone())) {
            Ok(answer) => order_of(&answer),
            Err(error) => {
                raised = Some(error);
                Ordering::Equal
            }
        }
    };
    // The sort of the standard library panics where a comparer contradicts itself.
    let sorted = catch_unwind(AssertUnwindSafe(|| array.sort_by(&mut compare)));
    if let Some(error) = raised {
        return Err(error);
    }
    sorted.map_err(|_| {
        Failure::new("playbook.error", "the comparer contradicts itself").raise_in(&context)
    })
}

fn order(context: NativeCallContext, array: &mut Array, comparer: FnPtr) -> Result<Array, Raised> {
    let mut sorted = array.clone();
    sort(context, &mut sorted, comparer)?;
    Ok(sorted)
}

fn dedup(context: NativeCallContext, array: &mut Array, comparer: FnPtr) -> Result<(), Raised> {
    let mut raised = None;
    array.dedup_by(|one, other| {
        if raised.is_some() {
            return false;
        }
        match comparer.call_within_context::<Dynamic>(&context, (other.clone(), one.clone())) {
            Ok(answer) => answer.as_bool().unwrap_or(false),
            Err(error) => {
                raised = Some(error);
                false
            }
        }
    });
    raised.map_or(Ok(()), Err)
}

/// A number by its sign, or whether the first comes before the second.
fn order_of(answer: &Dynamic) -> Ordering {
    let number = answer.as_int().or_else(|_| {
        let before = answer.as_bool()?;
        Ok::<_, &str>(if before { -1 } else { 1 })
    });
    number.map_or(Ordering::Equal, |number| number.cmp(&0))
}
