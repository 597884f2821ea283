//! How a run ended, or stands: one sentence, with what to do next.

use super::{clean, clean_lines, downtime, duration, probed, production};
use crate::journal::{Ending, RunState};

/// How a run stands, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// One word: `done`, `undone`, `stuck`, …
    pub word: &'static str,
    /// The commands that lead on, the safest first; `RUN` stands for its name.
    pub next: Vec<&'static str>,
}

/// How the run stands.
#[must_use]
pub fn standing(state: &RunState) -> Standing {
    if state.abandoned {
        return Standing {
            word: "abandoned",
            next: vec!["cutover show RUN"],
        };
    }
    let (word, next) = match state.ending {
        None => (
            "running or interrupted",
            vec!["cutover resume RUN", "cutover rollback RUN"],
        ),
        Some(Ending::Done) => ("done", vec!["cutover show RUN"]),
        Some(Ending::Refused) => ("refused", vec!["cutover show RUN"]),
        Some(Ending::Undone) => ("undone", vec!["cutover show RUN"]),
        Some(Ending::UndoneUnverified) => {
            ("undone, not all of it read again", vec!["cutover show RUN"])
        }
        Some(Ending::Stuck) => ("stuck", vec!["cutover rollback RUN", "cutover show RUN"]),
        Some(Ending::Held) if state.attempt().is_none() => (
            "held",
            vec!["cutover resume RUN --playbook FILE", "cutover rollback RUN"],
        ),
        Some(Ending::Held) => ("held", vec!["cutover retry RUN", "cutover rollback RUN"]),
        Some(Ending::Paused) if waits_for_approval(state) => (
            "paused",
            vec![
                "cutover approve RUN",
                "cutover resume RUN",
                "cutover rollback RUN",
            ],
        ),
        Some(Ending::Diverged) => (
            "paused",
            vec!["cutover resume RUN --playbook FILE", "cutover rollback RUN"],
        ),
        Some(Ending::Paused) => ("paused", vec!["cutover resume RUN", "cutover rollback RUN"]),
    };
    Standing { word, next }
}

/// The last line of a run: verdict, run, what next.
#[must_use]
pub fn verdict(state: &RunState) -> String {
    let Standing { word, next } = standing(state);
    let Some(header) = &state.header else {
        return "the journal is empty".to_owned();
    };
    // The whole of a run that is done, however often it was taken up; else what was tried last.
    let begin = match state.ending {
        Some(Ending::Done) => state.began,
        _ => state.attached.or(state.began),
    };
    let took = match (begin, state.last) {
        (Some(began), Some(last)) => format!(" after {}", duration(began, last)),
        _ => String::new(),
    };
    let reason = if state.reason.is_empty() {
        String::new()
    } else {
        // What was recorded and what was attempted instead stand below one another.
        let shown = match state.ending {
            Some(Ending::Diverged) => clean_lines(&state.reason),
            _ => clean(&state.reason),
        };
        format!(": {shown}")
    };
    let head = state.head.map(|head| head.short()).unwrap_or_default();
    let commands: Vec<String> = next
        .iter()
        .map(|command| format!("`{}`", command.replace("RUN", &header.run.0)))
        .collect();
    // How production stands comes first, whatever else there is to say; a run that is done has said it by its verdict.
    let first = production(state)
        .filter(|_| state.ending != Some(Ending::Done) || state.abandoned)
        .map(|down| format!("{down}; "))
        .unwrap_or_default();
    let down = downtime(state)
        .filter(|_| state.ending == Some(Ending::Done))
        .map(|down| format!(", downtime {down}"))
        .unwrap_or_default();
    let probed = probed(state)
        .map(|probed| format!(", {probed}"))
        .unwrap_or_default();
    format!(
        "{first}{word}{took}{down}{probed}{reason}; run {}, journal head {head}; next: {}",
        header.run,
        commands.join(" or ")
    )
}

fn waits_for_approval(state: &RunState) -> bool {
    state
        .approvals
        .values()
        .any(|approval| approval.given.is_none())
}
