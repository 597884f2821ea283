//! A closure that a step left, followed while it runs.

use super::{Answer, Fault, Request, Script};
use crate::journal::Place;
use crate::primitive::Intent;

/// What a closure at work wants.
pub(super) enum Wants {
    /// A step.
    Call(Intent, Option<Place>),
    /// Nothing more.
    End(Answer),
}

/// What the closure that was asked for wants next.
pub(super) async fn next(script: &mut impl Script) -> Result<Wants, Fault> {
    loop {
        match script.next().await? {
            Request::Call { intent, place } => return Ok(Wants::Call(intent, place)),
            // Phases are the playbook's; one inside a closure says nothing of how far the run is.
            Request::Entered { .. } | Request::Left { .. } => {}
            Request::ClosureEnded { answer } => return Ok(Wants::End(answer)),
            Request::Done | Request::Raised(_) | Request::Replayed => {
                return Err(Fault::ScriptDied(
                    "ended while one of its closures ran".to_owned(),
                ));
            }
        }
    }
}
