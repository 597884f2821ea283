//! A run as it happens: one line for a record that a person wants to see.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize as _;

use super::{clean, clean_lines, duration};
use crate::journal::{
    Actor, Adoption, Direction, Event, Mark, Record, RunState, SettledAs, Source, StepNo,
};
use crate::primitive::{Changes, Intent, MigratedScratch};

/// The line for `record`, if it deserves one; `state` is the run after it.
#[expect(
    clippy::too_many_lines,
    reason = "one arm per event, each a line or two"
)]
#[must_use]
pub fn record_line(record: &Record, state: &RunState) -> Option<String> {
    let depth = state.phases().len();
    let line = match &record.event {
        Event::Header(header) => {
            format!(
                "run {} of `{}` in `{}`",
                header.run,
                clean(&header.playbook),
                header.environment
            )
        }
        Event::TailCut { bytes } => {
            format!("! {bytes} bytes of an unfinished last line were cut from the journal")
        }
        Event::PhaseEntered { name } => {
            // Marked, so that no name can be taken for a line of ours.
            return Some(format!("{}▸ {}", indent(depth - 1), clean(name)));
        }
        Event::Read {
            step,
            intent: Intent::Note(note),
            ..
        } => format!("{:>3} · {}", step.0, clean(&note.text)),
        Event::Read {
            step,
            intent,
            outcome,
            ..
        } => {
            let mark = if outcome.is_ok() { "·" } else { "✗" };
            format!(
                "{:>3} {mark} {}{}",
                step.0,
                call(intent),
                failure(outcome.as_ref().err())
            )
        }
        Event::TargetFinished { step, target, .. } => {
            let name = state.step(*step)?.targets.get(*target)?.target.name.clone();
            format!("      {name}")
        }
        Event::Finished { step, outcome } => {
            let changes = changes(state, *step, outcome);
            format!("{:>3} ✓ {}{changes}", step.0, told(state, *step))
        }
        Event::Failed {
            step,
            failure: found,
        } => {
            format!(
                "{:>3} ✗ {}{}",
                step.0,
                told(state, *step),
                failure(Some(found))
            )
        }
        Event::Settled { step, .. } if is_approval(state, *step) => {
            format!("{:>3} ? {}", step.0, settled_approval(state, *step))
        }
        Event::Settled {
            step, found, by, ..
        } => {
            let found = match found {
                SettledAs::Done { .. } => "it took effect",
                SettledAs::NotDone => "it did not take effect",
                SettledAs::Partly => "a part of it took effect",
            };
            let by = if *by == Actor::Probe {
                "looked"
            } else {
                "said so"
            };
            format!("{:>3} ? interrupted; {by}: {found}", step.0)
        }
        Event::Unsettled { step, why, .. } => format!(
            "{:>3} ? interrupted, and the world does not tell: {}",
            step.0,
            clean(why)
        ),
        Event::PlaybookAdopted(adoption) => format!(
            "{} adopted an edited playbook: {}",
            adoption.by,
            edited(adoption)
        ),
        Event::Retried { step } => format!("{:>3} ↻ attempted again", step.0),
        Event::Examined {
            step,
            failure: found,
        } => {
            let sign = if found.is_none() { '✓' } else { '✗' };
            let name = state.step(*step).map(|step| step.intent.words());
            let name = clean(&name.unwrap_or_default());
            format!(
                "{:>3} {sign} invariant: {name}{}",
                step.0,
                failure(found.as_ref())
            )
        }
        Event::WayChosen { way, by, .. } => format!("way back chosen by {by}: {way}"),
        Event::UnwindingStarted { reason } => format!("undoing, because {}", clean(reason)),
        Event::UndoFinished { step, target, .. } => {
            format!("{:>3} ↶ undid {}", step.0, undone(state, *step, *target))
        }
        Event::UndoFailed {
            step,
            target,
            failure: found,
        } => {
            format!(
                "{:>3} ✗ could not undo {}{}",
                step.0,
                undone(state, *step, *target),
                failure(Some(found))
            )
        }
        Event::ApprovalAsked { step, shown } => {
            let quoted = clean_lines(shown).replace('\n', "\n      ");
            format!("{:>3} ? approval wanted: {quoted}", step.0)
        }
        Event::Verdict {
            raised: Some(raised),
            ..
        } => format!("✗ the playbook{}", failure(Some(raised))),
        Event::Approved { step, by } => format!("{:>3} ✓ approved by {by}", step.0),
        Event::Abandoned { by, reason } => format!("abandoned by {by}: {}", clean(reason)),
        Event::Attached { .. }
        | Event::PhaseLeft { .. }
        | Event::Raised(_)
        | Event::Started { .. }
        | Event::TargetStarted { .. }
        | Event::UndoStarted { .. }
        | Event::ProcessStarted { .. }
        | Event::Seen { .. }
        | Event::Verdict { .. } => return None,
    };
    Some(format!("{}{line}", indent(depth)))
}

/// Which step is at work, and since when, for somebody who waits for it.
#[must_use]
pub fn at_work(state: &RunState) -> Option<String> {
    let step = state.step(state.step_at_work()?)?;
    let call = call(&step.intent);
    if state.direction == Direction::Unwinding {
        return Some(format!("the way back of {call} is at work"));
    }
    let since = step.began.strftime("%H:%M:%S UTC");
    Some(format!("{call} is at work since {since}"))
}

/// Whether the step is an approval: nothing took effect or did not, a person was asked.
fn is_approval(state: &RunState, step: StepNo) -> bool {
    let found = state.step(step);
    found.is_some_and(|step| matches!(step.intent, Intent::Approve(_)))
}

/// What becomes of an approval that was being asked for when the run was interrupted.
fn settled_approval(state: &RunState, step: StepNo) -> &'static str {
    let approval = state.approvals.get(&step);
    if approval.is_some_and(|approval| approval.given.is_some()) {
        "it was approved before the interruption"
    } else if state.mark == Some(Mark::Rollback) {
        "nobody had answered"
    } else {
        "nobody had answered; it is asked again"
    }
}

/// Which sources an adopted playbook changes, brings and leaves out.
fn edited(adoption: &Adoption) -> String {
    let digest = |sources: &[Source], name: &str| {
        let found = sources.iter().find(|source| source.name == name);
        found.map(|source| source.digest)
    };
    let names: BTreeSet<&str> = adoption
        .replaced
        .iter()
        .chain(&adoption.sources)
        .map(|source| source.name.as_str())
        .collect();
    let told = names.into_iter().filter_map(|name| {
        let word = match (
            digest(&adoption.replaced, name),
            digest(&adoption.sources, name),
        ) {
            (Some(before), Some(after)) if before == after => return None,
            (Some(_), Some(_)) => "changed",
            (None, _) => "new",
            (_, None) => "left out",
        };
        Some(format!("`{}` {word}", clean(name)))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        "nothing in it differs".to_owned()
    } else {
        told.join(", ")
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// A step with how long it took.
fn told(state: &RunState, number: StepNo) -> String {
    let Some(step) = state.step(number) else {
        return String::new();
    };
    let took = step
        .ended
        .map(|ended| duration(step.began, ended))
        .unwrap_or_default();
    format!("{}  {took}", call(&step.intent))
}

/// What a rehearsed migration changed, row by row.
fn changes(state: &RunState, number: StepNo, outcome: &serde_json::Value) -> String {
    let rehearsed = state
        .step(number)
        .is_some_and(|step| matches!(step.intent, Intent::MigrateScratch(_)));
    let Some(found) = MigratedScratch::deserialize(outcome)
        .ok()
        .filter(|_| rehearsed)
    else {
        return String::new();
    };
    let Changes { rows, named } = found.changes;
    let mut text: String = named
        .iter()
        .flat_map(|line| ["\n        ".to_owned(), clean(line)])
        .collect();
    let more = rows.saturating_sub(named.len() as u64);
    if more > 0 {
        let _ = write!(text, "\n        and {more} rows more");
    }
    text
}

/// An intent as a person reads it: the verb and what it is done to.
fn call(intent: &Intent) -> String {
    format!("{} {}", intent.verb(), clean(&intent.words()))
}

fn undone(state: &RunState, step: StepNo, target: usize) -> String {
    let Some(step) = state.step(step) else {
        return String::new();
    };
    let name = step
        .targets
        .get(target)
        .map(|target| target.target.name.as_str())
        .unwrap_or_default();
    match &step.intent {
        Intent::OnRollback(closure) => format!("by closure: {}", clean(&closure.name)),
        intent => format!("{} {}", intent.verb(), clean(name)),
    }
}

fn failure(found: Option<&crate::primitive::Failure>) -> String {
    let Some(found) = found else {
        return String::new();
    };
    let hint = found
        .hint
        .as_ref()
        .map(|hint| format!("\n        help: {}", clean(hint)))
        .unwrap_or_default();
    format!(": {} [{}]{hint}", clean(&found.message), clean(&found.code))
}
