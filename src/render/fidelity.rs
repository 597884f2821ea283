//! How well a plan foretold a run, as people read it.

use std::fmt::Write as _;

use super::text::{counted, milliseconds};
use crate::plan::Fidelity;

/// One figure, for the last line.
#[must_use]
pub fn fidelity(fidelity: &Fidelity) -> String {
    let surprises = match fidelity.surprises.len() {
        0 => String::new(),
        number => format!(", {}", counted(number, "surprise")),
    };
    format!("{} % as planned{surprises}", fidelity.percent())
}

/// Everything that went otherwise.
#[must_use]
pub fn surprises(fidelity: &Fidelity) -> String {
    let (predicted, observed) = fidelity.milliseconds;
    let mut text = format!(
        "the plan foretold {} of {} steps; it predicted {} for them, and they took {}",
        fidelity.right,
        fidelity.of,
        milliseconds(predicted),
        milliseconds(observed)
    );
    for surprise in &fidelity.surprises {
        let _ = write!(text, "\n  {}", super::clean(surprise));
    }
    text
}
