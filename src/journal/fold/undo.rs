//! The undo stack on the way back: which entry is next, how it ends, and what takes its place when a person chooses another way.

use super::transition::require;
use super::{RunState, UndoEntry, UndoState};
use crate::journal::{NewUndo, StepNo};

/// The entry that is next on the way back, which must be the one named.
pub(super) fn undo(
    state: &mut RunState,
    step: StepNo,
    target: usize,
) -> Result<&mut UndoEntry, String> {
    let next = state
        .undo
        .iter_mut()
        .rev()
        .find(|entry| entry.state != UndoState::Finished);
    next.filter(|entry| entry.step == step && entry.target == target)
        .ok_or_else(|| "it is not next on the way back".to_owned())
}

pub(super) fn end_undo(
    state: &mut RunState,
    step: StepNo,
    target: usize,
    end: UndoState,
) -> Result<(), String> {
    let entry = undo(state, step, target)?;
    require(
        entry.state == UndoState::Started,
        "the undo was not started",
    )?;
    entry.state = end;
    state.processes.remove(&step);
    Ok(())
}

/// What undoes a step from now on, instead of what was written down when it began; every attempt of it, where there were several.
pub(super) fn replace_undo(state: &mut RunState, chosen: &NewUndo) -> Result<(), String> {
    let same = |entry: &&mut UndoEntry| {
        entry.step == chosen.step
            && entry.target == chosen.target
            && entry.state != UndoState::Finished
    };
    let mut replaced = false;
    for entry in state.undo.iter_mut().filter(same) {
        entry.intent = chosen.intent.clone();
        replaced = true;
    }
    require(replaced, "there is nothing to undo there")
}
