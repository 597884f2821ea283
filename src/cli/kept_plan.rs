//! `cutover run --plan FILE`: a run that is held to a plan, which is used once.

use std::path::Path;

use super::exit::CliError;
use super::observe;
use crate::environment::Environment;
use crate::journal::{Digest, Header, RunDirectory, RunId, RunState, Store};
use crate::plan::{Fidelity, KeptPlan};
use crate::render;

/// The plan in a run's directory.
const STORED: &str = "plan.json";

/// A kept plan, with its text.
pub(super) struct Held {
    pub(super) kept: KeptPlan,
    text: String,
}

impl Held {
    /// Reads a kept plan.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let wrong = |problem: String| {
            CliError::usage(format!("`{}`: {problem}", path.display()))
                .hint("`cutover plan PLAYBOOK … --out FILE` writes one")
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let kept = KeptPlan::read(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { kept, text })
    }

    /// Its digest, by which it is known to have been used.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.text)
    }

    /// Refuses when something is not any more as it was when the plan was made.
    pub(super) async fn refuse_drift(
        &self,
        header: &Header,
        environment: &Environment,
    ) -> Result<(), CliError> {
        let world = observe::look(environment).await?;
        let drift = self.kept.drift(header, &world);
        if drift.is_empty() {
            return Ok(());
        }
        Err(CliError::refused(format!(
            "since the plan was made something has changed: {}",
            drift.join("; ")
        ))
        .hint("look at what changed and why, then make and read another plan"))
    }

    /// Marks the plan as used by `run`; refuses one that was used before.
    pub(super) fn use_once(&self, store: &Store, run: &RunId) -> Result<(), CliError> {
        match store.use_plan(&self.digest(), run)? {
            None => Ok(()),
            Some(other) => Err(CliError::refused(format!(
                "this plan was used already, by the run `{other}`"
            ))
            .hint("a plan is used once: make another one of the world as it is now")),
        }
    }

    /// Keeps the plan with the run.
    pub(super) fn store(&self, directory: &RunDirectory) -> Result<(), CliError> {
        Ok(directory.store(STORED, &self.text)?)
    }
}

/// How well the plan of a run foretold it, in words; nothing where it had none.
pub(super) fn fidelity(directory: &RunDirectory, state: &RunState) -> Option<Fidelity> {
    let text = directory.stored(STORED).ok()??;
    let kept = KeptPlan::read(&text).ok()?;
    Some(Fidelity::of(&kept.plan, state))
}

/// The last line of a run: its verdict, and how well its plan foretold it.
pub(super) fn last_line(directory: &RunDirectory, state: &RunState) -> String {
    let verdict = render::verdict(state);
    match fidelity(directory, state) {
        Some(fidelity) => format!("{verdict}; {}", render::fidelity(&fidelity)),
        None => verdict,
    }
}
