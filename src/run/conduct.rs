//! A run from its first step to its verdict.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::loss::would_lose;
use super::{Back, Call, Fault, Gate, People, Raised, Reply, Request, Script};
use crate::environment::OnFailure;
use crate::gateway::Gateway;
use crate::journal::{
    Durability, Ending, Event, JournalError, RunState, Spent, StepResult, Trail, WaysBack,
};
use crate::primitive::{Effect, Failure};

/// How a runner put a run down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// The verdict.
    pub ending: Ending,
    /// Why, in a sentence.
    pub reason: String,
    /// What the playbook did not catch, if that is what ended it.
    pub raised: Option<Raised>,
}

/// Runs the playbook from where the journal ends, and concludes.
///
/// Only a journal that cannot be written is an error: then nothing more may be done, not even a verdict.
pub async fn conduct<World: Gateway, Person: People>(
    gate: &mut Gate<World, Person>,
    script: &mut impl Script,
    on_failure: OnFailure,
) -> Result<Conclusion, JournalError> {
    gate.watch_again().await;
    let (ending, reason, raised) = match forward(gate, script).await {
        Ok(None) => (Ending::Done, "the playbook ran to its end".to_owned(), None),
        Ok(Some(raised)) => {
            let reason = raised.failure.message.clone();
            put_down(gate, raised.clone())?;
            let (ending, reason) = turn_back(gate, script, on_failure, reason).await?;
            (ending, reason, Some(raised))
        }
        Err(fault) => {
            let (ending, reason) = stopped(gate, script, on_failure, fault).await?;
            (ending, reason, None)
        }
    };
    conclude(gate, ending, reason, raised, script.spent()).await
}

/// Takes the run back, whatever it was doing.
pub async fn roll_back<World: Gateway, Person: People>(
    gate: &mut Gate<World, Person>,
    script: &mut impl Script,
    reason: &str,
) -> Result<Conclusion, JournalError> {
    gate.watch_again().await;
    let (ending, reason) = unwound(gate.unwind(script, reason).await)?;
    conclude(gate, ending, reason, None, script.spent()).await
}

/// Lets the script go on until it ends or raises something.
async fn forward<World: Gateway, Person: People>(
    gate: &mut Gate<World, Person>,
    script: &mut impl Script,
) -> Result<Option<Raised>, Fault> {
    // The trail may have changed since the gate was made: a retry takes the failed step's end out of it.
    gate.rewind();
    script.begin(gate.ahead(), false).await?;
    loop {
        match script.next().await? {
            Request::Call { intent, place } => {
                if let Some(reason) = gate.people.wants_pause() {
                    return Err(Fault::Paused { reason });
                }
                if let Reply::Now(answer) = gate
                    .step(Call {
                        intent,
                        place,
                        within: None,
                    })
                    .await?
                {
                    script.answer(answer).await?;
                }
            }
            Request::Entered { name } => gate.phase(Trail::Entered(name))?,
            Request::Left { name } => gate.phase(Trail::Left(name))?,
            Request::Done => {
                gate.end()?;
                return gate.examine(script).await;
            }
            Request::Raised(raised) => return Ok(Some(raised)),
            Request::Replayed | Request::ClosureEnded { .. } => {
                return Err(Fault::ScriptDied("answered what nobody asked".to_owned()));
            }
        }
    }
}

/// A fault ended the run. What a person or the clock can mend pauses it; the rest is treated like a failure.
async fn stopped<World: Gateway, Person: People>(
    gate: &mut Gate<World, Person>,
    script: &mut impl Script,
    on_failure: OnFailure,
    fault: Fault,
) -> Result<(Ending, String), JournalError> {
    match fault {
        Fault::Journal(error) => Err(error),
        Fault::Paused { reason } => Ok((Ending::Paused, reason)),
        Fault::Diverged(divergence) => Ok((Ending::Diverged, divergence.to_string())),
        Fault::Denied(_) | Fault::ScriptDied(_) | Fault::Budget(_) => {
            turn_back(gate, script, on_failure, fault.to_string()).await
        }
    }
}

/// Undo, hold or ask, as the environment wants it and as far as it is safe.
async fn turn_back<World: Gateway, Person: People>(
    gate: &mut Gate<World, Person>,
    script: &mut impl Script,
    on_failure: OnFailure,
    mut reason: String,
) -> Result<(Ending, String), JournalError> {
    let (touched, admitted, past) = gate
        .recorder
        .state(|state| (state.touched(), state.admitted(), state.past_return()));
    if !touched {
        return take_away(gate, script, reason).await;
    }
    let undo = match on_failure {
        // Once clients have used the new version, a check that fails must not take back what they wrote.
        OnFailure::Undo if admitted || past => false,
        // And what others wrote since is not ours to throw away.
        OnFailure::Undo => match would_lose(gate).await {
            Some(loss) => {
                let _ = write!(reason, "; {loss}");
                false
            }
            None => true,
        },
        OnFailure::Hold => false,
        OnFailure::Ask => ask_back(gate, &reason).await?,
    };
    if !undo {
        return Ok((Ending::Held, reason));
    }
    let (ending, found) = unwound(gate.unwind(script, &reason).await)?;
    Ok((ending, format!("{reason}; {found}")))
}

/// Nothing but cutover's own was touched: what a rehearsal made is taken away, and the run counts as refused.
async fn take_away<World: Gateway, Person: People>(
    gate: &mut Gate<World, Person>,
    script: &mut impl Script,
    reason: String,
) -> Result<(Ending, String), JournalError> {
    let rehearsed = gate.recorder.state(|state| {
        let mut steps = state.steps.iter();
        steps.any(|step| step.intent.effect() == Effect::Scratch)
    });
    if !rehearsed {
        return Ok((Ending::Refused, reason));
    }
    Ok(match unwound(gate.unwind(script, &reason).await)? {
        (Ending::Undone | Ending::UndoneUnverified, _) => (Ending::Refused, reason),
        (ending, found) => (ending, format!("{reason}; {found}")),
    })
}

/// Asks whether to go back and which way; whether to go back at all.
async fn ask_back<World: Gateway, Person: People>(
    gate: &mut Gate<World, Person>,
    reason: &str,
) -> Result<bool, JournalError> {
    let now = gate.world.now();
    let ways = gate
        .recorder
        .state(WaysBack::of)
        .filter(|ways| ways.migrated);
    let (shown, open) = ways.as_ref().map_or_else(
        || (reason.to_owned(), Vec::new()),
        |ways| (format!("{reason}\n{}", ways.told(now)), ways.open()),
    );
    let (way, by) = match gate.people.turn_back(&shown, &open).await {
        Back::Hold => return Ok(false),
        Back::Undo => return Ok(true),
        Back::By(way, by) => (way, by),
    };
    let undos = ways.and_then(|ways| ways.way(way).undos.clone().ok());
    // A way that was not offered is no answer.
    let Some(undos) = undos else { return Ok(false) };
    let chosen = Event::WayChosen {
        way,
        by,
        shown,
        undos,
    };
    match gate.recorder.sync(now, chosen) {
        Ok(()) => Ok(true),
        Err(Fault::Journal(error)) => Err(error),
        Err(fault) => unreachable!("recording fails with the journal alone, not with: {fault}"),
    }
}

/// A way back that was interrupted is put down, to be taken up again.
fn unwound(result: Result<(Ending, String), Fault>) -> Result<(Ending, String), JournalError> {
    match result {
        Ok(end) => Ok(end),
        Err(Fault::Journal(error)) => Err(error),
        Err(Fault::Paused { reason }) => Ok((Ending::Paused, reason)),
        Err(fault) => Ok((Ending::Stuck, fault.to_string())),
    }
}

/// Writes down what the playbook did not catch, and where it came from.
fn put_down<World: Gateway, Person: People>(
    gate: &Gate<World, Person>,
    mut raised: Raised,
) -> Result<(), JournalError> {
    // The interpreter does not say where a step was called whose failure it carries; the step does.
    let place = gate.recorder.state(|state| {
        let step = state.failed_step()?;
        let same = matches!(&step.result, StepResult::Failed(failure)
            if failure.code == raised.failure.code && failure.message == raised.failure.message);
        step.place.clone().filter(|_| same)
    });
    raised.place = raised.place.or(place);
    let event = Event::Raised(Box::new(raised));
    match gate
        .recorder
        .record(gate.world.now(), event, Durability::WithNext)
    {
        Ok(()) => Ok(()),
        Err(Fault::Journal(error)) => Err(error),
        Err(fault) => unreachable!("recording fails with the journal alone, not with: {fault}"),
    }
}

async fn conclude<World: Gateway, Person: People>(
    gate: &Gate<World, Person>,
    ending: Ending,
    reason: String,
    raised: Option<Raised>,
    spent: Vec<Spent>,
) -> Result<Conclusion, JournalError> {
    gate.see_the_last().await?;
    gate.clear().await;
    let event = Event::Verdict {
        ending,
        reason: reason.clone(),
        raised: raised
            .as_ref()
            .map(|raised| &raised.failure)
            .filter(|failure| gate.recorder.state(|state| is_news(state, failure)))
            .cloned(),
        spent,
    };
    match gate
        .recorder
        .record(gate.world.now(), event, Durability::Synced)
    {
        Ok(()) => Ok(Conclusion {
            ending,
            reason,
            raised,
        }),
        Err(Fault::Journal(error)) => Err(error),
        Err(fault) => unreachable!("recording fails with the journal alone, not with: {fault}"),
    }
}

/// Whether the failure says more than its message, which the verdict has, and no step has told it.
fn is_news(state: &RunState, failure: &Failure) -> bool {
    let has_hint = failure.hint.as_ref().is_some_and(|hint| !hint.is_empty());
    let told = state.steps.iter().any(|step| {
        // What comes back from a script has passed through a map, in which an absent hint is an empty one.
        matches!(&step.result, StepResult::Failed(found) if found.code == failure.code && found.message == failure.message)
    });
    has_hint && !told
}
